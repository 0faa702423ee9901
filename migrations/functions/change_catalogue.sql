-- Changes an API's default limits or its shadow mode. Only admins may. p_changes names the columns to change (per_minute, per_hour;
-- null: as shipped; shadow), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.change_catalogue(
  p_api     text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  OUT changed rollgate.catalogue,  -- with the history_id of this change
  OUT lowered jsonb                -- the default limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.catalogue;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'shadow', 'allow_lowering']);
  SELECT * INTO v_old FROM rollgate.catalogue WHERE api = p_api;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The API has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  changed := jsonb_populate_record(v_old, p_changes);
  lowered := rollgate.lowered_defaults(v_old, changed);
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
  changed := rollgate.put_catalogue(v_old, changed, p_reason, p_ticket, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.change_catalogue IS
  'Changes an API''s default limits (null: as shipped) or its shadow mode; p_changes names per_minute, per_hour, shadow, '
  'allow_lowering. Errors: RG403, RG404, RG409 it lowers a default, RG412, RG422';
