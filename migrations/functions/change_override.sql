-- p_changes names the columns that change, of: per_minute, per_hour, mode, starts_at, expires_at, ticket.
CREATE OR REPLACE FUNCTION rollgate.change_override(p_id text, p_version int, p_changes jsonb, p_reason text, p_by rollgate.author)
RETURNS SETOF rollgate.override
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := jsonb_populate_record(v_old, p_changes - ARRAY['id', 'account', 'group_id', 'api', 'subject', 'version',
    'created_by', 'created_at', 'created_in', 'changed_in', 'changed_at', 'request_id', 'reason']);
BEGIN
  IF v_old.expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'The override has expired: restore it, or make another one.' USING ERRCODE = 'RG409';
  END IF;
  IF v_new.expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'It would expire in the past: expire it instead.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  RETURN QUERY SELECT p.* FROM rollgate.put_override(v_old, v_new, 'change', p_reason, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.change_override IS 'Changes an override that is at p_version (NULL: at any); RG403, RG404, RG409 expired, RG412 another version, RG422';
