-- Default limits, by admins.
CREATE OR REPLACE FUNCTION rollgate.change_catalogue(p_api text, p_version int, p_changes jsonb, p_reason text, p_ticket text, p_by rollgate.author)
RETURNS SETOF rollgate.catalogue
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.catalogue;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue WHERE api = p_api;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The API was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN QUERY SELECT p.* FROM rollgate.put_catalogue(v_old, jsonb_populate_record(v_old, p_changes), p_reason, p_ticket, p_by, v_ledger) p;
END $$;

COMMENT ON FUNCTION rollgate.change_catalogue IS 'Changes an API''s default limits (null: as shipped) or its shadow mode; p_changes names per_minute, per_hour, shadow. RG403, RG404, RG412, RG422';
