-- An unknown name is probably misspelled. To ignore it would make another change than the requested one.
CREATE OR REPLACE FUNCTION rollgate.refuse_unknown(p_given jsonb, p_known text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_unknown text[] := ARRAY(SELECT k FROM jsonb_object_keys(coalesce(p_given, '{}')) k WHERE k <> ALL (p_known) ORDER BY k);
BEGIN
  IF v_unknown <> '{}' THEN
    RAISE EXCEPTION 'Unknown field: %. Possible fields: %.', array_to_string(v_unknown, ', '), array_to_string(p_known, ', ')
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_unknown IS 'Refuses (RG422) fields other than the given names';
