CREATE OR REPLACE FUNCTION rollgate.restore_override(p_id text, p_version int, p_expires_at timestamptz, p_reason text, p_by rollgate.author)
RETURNS SETOF rollgate.override
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  IF v_old.expires_at IS NULL OR v_old.expires_at > v_ledger.history_at THEN
    RAISE EXCEPTION 'The override has not expired.' USING ERRCODE = 'RG409';
  END IF;
  IF p_expires_at <= v_ledger.history_at THEN
    RAISE EXCEPTION 'It would expire in the past.' USING ERRCODE = 'RG422';
  END IF;
  v_new.expires_at := p_expires_at;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  RETURN QUERY SELECT p.* FROM rollgate.put_override(v_old, v_new, 'restore', p_reason, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.restore_override IS 'Lets an expired override hold again, until p_expires_at (NULL: for good); RG403, RG404, RG409 not expired, RG412, RG422';
