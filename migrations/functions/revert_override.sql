-- As in rollgate.revert. The inverse of a creation expires the override.
CREATE OR REPLACE FUNCTION rollgate.revert_override(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_known  jsonb,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old rollgate.override := rollgate.override_at(p_done.target, NULL);
  v_new rollgate.override := v_old;
BEGIN
  IF p_done.before IS NULL THEN
    v_new.expires_at := p_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, p_ledger.history_at - interval '1 microsecond');
  ELSE
    v_new.per_minute := p_done.before ->> 'perMinute';
    v_new.per_hour := p_done.before ->> 'perHour';
    v_new.factor := p_done.before ->> 'factor';
    v_new.extra_minute := p_done.before ->> 'extraMinute';
    v_new.extra_hour := p_done.before ->> 'extraHour';
    v_new.mode := p_done.before ->> 'mode';
    v_new.starts_at := p_done.before ->> 'startsAt';
    v_new.expires_at := p_done.before ->> 'expiresAt';
    v_new.ticket := p_done.before ->> 'ticket';
  END IF;
  IF rollgate.unexpired(v_new.expires_at, p_ledger.history_at) THEN
    PERFORM rollgate.check_ceiling(v_new, p_by);
    PERFORM rollgate.check_extra_ceiling(v_new, p_by, p_ledger.history_at);
    lowered := CASE WHEN p_known IS NULL THEN rollgate.lowered_by(v_new, p_ledger.history_at) ELSE nullif(p_known, 'null') END;
  ELSE
    PERFORM rollgate.need_limits_role(p_by);
    lowered := CASE WHEN p_known IS NULL THEN rollgate.lowered_by_end(v_old, p_ledger.history_at) ELSE nullif(p_known, 'null') END;
  END IF;
  history_id := (rollgate.put_override(v_old, v_new, 'undo', p_reason, p_by, p_ledger, p_done.id, lowered)).history_id;
END $$;

COMMENT ON FUNCTION rollgate.revert_override IS 'Applies the inverse of the newest change of an override';
