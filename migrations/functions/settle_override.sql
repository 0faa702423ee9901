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
  IF NOT rollgate.sets_limit(p_new.per_minute, p_new.per_hour, p_new.factor) AND p_new.mode IS NULL
    AND NOT rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour) THEN
    RAISE EXCEPTION 'Set at least one of: per-minute limit, per-hour limit, factor, extra units, mode.' USING ERRCODE = 'RG422';
  END IF;
  IF p_new.factor IS NOT NULL AND (p_new.per_minute IS NOT NULL OR p_new.per_hour IS NOT NULL) THEN
    RAISE EXCEPTION 'Set either a factor or limits, not both.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.refuse_factor(p_new.factor);
  IF rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour) THEN
    IF rollgate.sets_limit(p_new.per_minute, p_new.per_hour, p_new.factor) THEN
      RAISE EXCEPTION 'Set either extra units, or limits or a factor, not both.' USING ERRCODE = 'RG422';
    END IF;
    IF NOT (coalesce(p_new.extra_minute, 1) BETWEEN 1 AND 1000000000 AND coalesce(p_new.extra_hour, 1) BETWEEN 1 AND 1000000000) THEN
      RAISE EXCEPTION 'Extra units must be from 1 to 1,000,000,000.' USING ERRCODE = 'RG422';
    END IF;
    IF p_new.expires_at IS NULL THEN
      RAISE EXCEPTION 'Extra units need an end date.' USING ERRCODE = 'RG422';
    END IF;
  END IF;
  v_whole := rollgate.fill_override(p_new, p_given, p_now);
  PERFORM rollgate.check_ceiling(v_whole.approved, p_by);
  PERFORM rollgate.check_extra_ceiling(v_whole.filled, p_by, p_now);
  RETURN v_whole.filled;
END $$;

COMMENT ON FUNCTION rollgate.settle_override IS
  'An override with what it leaves out filled in. Errors: RG403 above the approval limit, RG404, RG422';
