-- Refuses an override that is invalid or above its author's approval limit.
CREATE OR REPLACE FUNCTION rollgate.settle_override(
  p_new   rollgate.override,
  p_given jsonb,        -- as in rollgate.fill_override
  p_by    rollgate.author,
  p_now   timestamptz
) RETURNS rollgate.override
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_whole record;
BEGIN
  PERFORM rollgate.refuse_internal(p_new.account);
  IF NOT rollgate.unexpired(p_new.expires_at, p_now) THEN
    RAISE EXCEPTION 'expires_at: % is in the past.', rollgate.utc(p_new.expires_at) USING ERRCODE = 'RG422';
  END IF;
  IF p_new.expires_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  IF p_new.per_minute IS NULL AND p_new.per_hour IS NULL AND p_new.factor IS NULL AND p_new.mode IS NULL THEN
    RAISE EXCEPTION 'Set at least one of: per-minute limit, per-hour limit, factor, mode.' USING ERRCODE = 'RG422';
  END IF;
  IF p_new.factor IS NOT NULL AND (p_new.per_minute IS NOT NULL OR p_new.per_hour IS NOT NULL) THEN
    RAISE EXCEPTION 'Set either a factor or limits, not both.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.refuse_factor(p_new.factor);
  v_whole := rollgate.fill_override(p_new, p_given, p_now);
  PERFORM rollgate.check_ceiling(v_whole.approved, p_by);
  RETURN v_whole.filled;
END $$;

COMMENT ON FUNCTION rollgate.settle_override IS
  'An override with what it leaves out filled in. Errors: RG403 above the approval limit, RG404, RG422';
