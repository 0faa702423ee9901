-- Applies the inverse of one change, if the item has not changed since. Undoing a creation expires the override, as its name
-- implies; any other undo that lowers a limit needs p_allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.undo(
  p_history_id     bigint,  -- the change to undo
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT history_id bigint,  -- of this change
  OUT lowered    jsonb    -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger  rollgate.ledger := rollgate.open_ledger(true);
  v_done    rollgate.history;
  v_old     rollgate.override;
  v_new     rollgate.override;
  v_api     rollgate.catalogue;
  v_was     rollgate.catalogue;
BEGIN
  SELECT * INTO v_done FROM rollgate.history WHERE id = p_history_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no change %.', p_history_id USING ERRCODE = 'RG404';
  END IF;
  IF v_done.kind NOT IN ('override', 'catalogue') OR v_done.action IN ('add', 'ship', 'retire', 'return') THEN
    RAISE EXCEPTION 'This kind of change can''t be undone.' USING ERRCODE = 'RG422';
  END IF;
  IF EXISTS (SELECT FROM rollgate.history h WHERE h.kind = v_done.kind AND h.target = v_done.target AND h.id > v_done.id) THEN
    RAISE EXCEPTION 'A later change exists. Undo the newest change first.' USING ERRCODE = 'RG409';
  END IF;
  IF v_done.kind = 'catalogue' THEN
    SELECT * INTO v_api FROM rollgate.catalogue WHERE api = v_done.target;
    v_was := jsonb_populate_record(v_api, jsonb_build_object(
      'per_minute', v_done.before -> 'perMinute', 'per_hour', v_done.before -> 'perHour',
      'shadow', v_done.before -> 'shadow'));
    lowered := rollgate.lowered_defaults(v_api, v_was);
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
    history_id := (rollgate.put_catalogue(v_api, v_was, p_reason, v_done.ticket, p_by, v_ledger, p_history_id, lowered)).history_id;
    RETURN;
  END IF;
  v_old := rollgate.override_at(v_done.target, NULL);
  v_new := v_old;
  IF v_done.before IS NULL THEN
    v_new.expires_at := v_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, v_ledger.history_at - interval '1 microsecond');
  ELSE
    v_new.per_minute := v_done.before ->> 'perMinute';
    v_new.per_hour := v_done.before ->> 'perHour';
    v_new.factor := v_done.before ->> 'factor';
    v_new.extra_minute := v_done.before ->> 'extraMinute';
    v_new.extra_hour := v_done.before ->> 'extraHour';
    v_new.mode := v_done.before ->> 'mode';
    v_new.starts_at := v_done.before ->> 'startsAt';
    v_new.expires_at := v_done.before ->> 'expiresAt';
    v_new.ticket := v_done.before ->> 'ticket';
  END IF;
  IF rollgate.unexpired(v_new.expires_at, v_ledger.history_at) THEN
    PERFORM rollgate.check_ceiling(v_new, p_by);
    PERFORM rollgate.check_extra_ceiling(v_new, p_by, v_ledger.history_at);
    lowered := rollgate.lowered_by(v_new, v_ledger.history_at);
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  ELSIF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  ELSE
    lowered := rollgate.lowered_by_end(v_old, v_ledger.history_at);
  END IF;
  history_id := (rollgate.put_override(v_old, v_new, 'undo', p_reason, p_by, v_ledger, p_history_id, lowered)).history_id;
END $$;

COMMENT ON FUNCTION rollgate.undo IS
  'Applies the inverse of the newest change of an override or an API. Errors: RG403, RG404, RG409 changed since, or it lowers a '
  'limit in force, RG422';
