-- Replaces the override with p_new, and records that. Requires the ledger's lock. Errors: RG422.
CREATE OR REPLACE FUNCTION rollgate.put_override(
  p_old     rollgate.override,
  p_new     rollgate.override,
  p_action  text,  -- change, expire, restore or undo
  p_reason  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  IF p_new.expires_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  UPDATE rollgate.override o
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, factor = p_new.factor,
      extra_minute = p_new.extra_minute, extra_hour = p_new.extra_hour, mode = p_new.mode, starts_at = p_new.starts_at,
      expires_at = p_new.expires_at, reason = btrim(p_reason), ticket = p_new.ticket, changed_at = p_ledger.history_at,
      version = o.version + 1, changed_in = p_ledger.policy_version
  WHERE o.id = p_old.id
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('override', p_action, v_new.id, v_new.account, p_by, rollgate.override_facts(p_old),
    rollgate.override_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), v_new.ticket, p_undoes);
  UPDATE rollgate.override SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.put_override IS 'Replaces an override and records the change; returns it as it is now';
