-- Changes an API's default limits or its shadow mode. Only admins may.
CREATE OR REPLACE FUNCTION rollgate.change_catalogue(
  p_api text, p_version int, p_changes jsonb, p_reason text, p_ticket text, p_by rollgate.author
)
RETURNS SETOF rollgate.catalogue
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger  rollgate.ledger := rollgate.open_ledger(true);
  v_old     rollgate.catalogue;
  v_new     rollgate.catalogue;
  v_lowered jsonb;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue WHERE api = p_api;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The API was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  v_new := jsonb_populate_record(v_old, p_changes);
  v_lowered := rollgate.lowered_defaults(v_old, v_new);
  PERFORM rollgate.refuse_lowering(v_lowered, (p_changes ->> 'allow_lowering')::boolean);
  RETURN QUERY SELECT p.* FROM rollgate.put_catalogue(v_old, v_new, p_reason, p_ticket, p_by, v_ledger, NULL, v_lowered) p;
END $$;

COMMENT ON FUNCTION rollgate.change_catalogue IS
  'Changes an API''s default limits (null: as shipped) or its shadow mode; p_changes names per_minute, per_hour, shadow, '
  'allow_lowering. Errors: RG403, RG404, RG409 it lowers a default, RG412, RG422';
