CREATE OR REPLACE FUNCTION rollgate.record_staff(
  p_kind   text,
  p_action text,
  p_target text,
  p_by     rollgate.author,
  p_before jsonb,
  p_after  jsonb,
  p_reason text            DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_kind NOT IN ('staff', 'token') THEN
    RAISE EXCEPTION 'The service can''t write history of kind %.', p_kind USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM rollgate.open_ledger(false);
  RETURN rollgate.record(p_kind, p_action, p_target, NULL, p_by, p_before, p_after, nullif(btrim(p_reason), ''));
END $$;

COMMENT ON FUNCTION rollgate.record_staff IS 'Appends a change of a person or a token to the history; returns the id of the new row';
