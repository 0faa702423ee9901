CREATE OR REPLACE FUNCTION rollgate.need_reason(p_reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(btrim(p_reason), '') = '' THEN
    RAISE EXCEPTION 'A reason is required.' USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_reason IS 'Refuses (RG422) a change without a reason';
