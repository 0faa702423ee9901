-- As in rollgate.revert.
CREATE OR REPLACE FUNCTION rollgate.revert_catalogue(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_api rollgate.catalogue;
  v_was rollgate.catalogue;
BEGIN
  SELECT * INTO v_api FROM rollgate.catalogue WHERE api = p_done.target;
  v_was := jsonb_populate_record(v_api, jsonb_build_object(
    'per_minute', p_done.before -> 'perMinute', 'per_hour', p_done.before -> 'perHour', 'shadow', p_done.before -> 'shadow'));
  lowered := rollgate.lowered_defaults(v_api, v_was);
  history_id := (rollgate.put_catalogue(v_api, v_was, p_reason, p_done.ticket, p_by, p_ledger, p_done.id, lowered)).history_id;
END $$;

COMMENT ON FUNCTION rollgate.revert_catalogue IS 'Applies the inverse of the newest change of an API''s default limits or mode';
