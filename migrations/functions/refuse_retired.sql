CREATE OR REPLACE FUNCTION rollgate.refuse_retired(p_api text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_retired_at timestamptz;
BEGIN
  SELECT c.retired_at INTO v_retired_at FROM rollgate.catalogue c WHERE c.api = p_api;
  IF v_retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'The API "%" is retired: no application has registered it since %.', p_api, rollgate.utc(v_retired_at)
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_retired IS 'Refuses (RG422) a new custom limit of an API that no application registers any more';
