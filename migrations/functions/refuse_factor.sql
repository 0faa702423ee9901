CREATE OR REPLACE FUNCTION rollgate.refuse_factor(p_factor numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_factor <= 0 OR p_factor > 1000 OR p_factor <> round(p_factor, 3) THEN
    RAISE EXCEPTION 'factor: must be above 0 and at most 1,000, with at most three decimals.' USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_factor IS 'Refuses (RG422) a factor that is out of range or too precise; NULL: there is none';
