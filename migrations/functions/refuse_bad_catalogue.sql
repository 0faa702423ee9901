-- The rules of the class Catalogue in libs/contract. A test compares the two.
CREATE OR REPLACE FUNCTION rollgate.refuse_bad_catalogue(p_application text, p_apis jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c_most_apis constant int := 10000;
  v_bad       record;
BEGIN
  -- The placeholder for the unknown applications of 0.1.0 may only give its APIs up.
  IF p_application IS NULL
    OR p_application !~ '^(file:)?[A-Za-z0-9@/_.-]{1,64}$' AND (p_application, p_apis) <> ('(before 0.2.0)', '[]') THEN
    RAISE EXCEPTION 'The name of an application is 1 to 64 letters, digits and @ / _ . -, not "%".', p_application
      USING ERRCODE = 'RG422';
  END IF;
  IF jsonb_typeof(p_apis) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'A catalogue is a list of APIs.' USING ERRCODE = 'RG422';
  END IF;
  IF jsonb_array_length(p_apis) > c_most_apis THEN
    RAISE EXCEPTION 'A catalogue has at most % APIs.', c_most_apis USING ERRCODE = 'RG422';
  END IF;
  SELECT t.api, CASE
    WHEN t.api IS NULL OR t.api !~ '^[a-z0-9][a-z0-9-]{0,63}$' THEN 'the id is not lower case letters, digits and -'
    WHEN t.group_id IS NULL OR t.group_id !~ '^[a-z0-9][a-z0-9-]{0,63}$' THEN 'the id of its group is not lower case letters, digits and -'
    WHEN coalesce(t.title, '') = '' OR coalesce(t.group_title, '') = '' THEN 'it or its group has no title'
    WHEN coalesce(t.message, '') = '' THEN 'it has no message for denied calls'
    WHEN greatest(length(t.title), length(t.group_title), length(t.message)) > 1000 THEN 'a text is longer than 1,000 characters'
    WHEN coalesce(cardinality(t.level), 0) NOT BETWEEN 1 AND 8 THEN 'its level does not have 1 to 8 dimensions'
    WHEN EXISTS (SELECT FROM unnest(t.level) d WHERE d IS NULL OR d !~ '^[a-z][a-z0-9_]{0,31}$')
      THEN 'a dimension of its level is not lower case letters, digits and _'
    WHEN (SELECT count(DISTINCT d) FROM unnest(t.level) d) < cardinality(t.level) THEN 'its level names a dimension twice'
    WHEN t.scope IS NULL OR t.scope NOT IN ('api', 'group') THEN 'its scope is neither api nor group'
    WHEN t.shipped_per_minute IS NULL OR t.shipped_per_minute NOT BETWEEN 0 AND 1000000000
      OR t.shipped_per_hour IS NULL OR t.shipped_per_hour NOT BETWEEN 0 AND 1000000000
      THEN 'a limit is not from 0 to 1,000,000,000 units'
    WHEN count(*) OVER (PARTITION BY t.api) > 1 THEN 'it is in the list twice'
    END AS fault
  INTO v_bad
  FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
  ORDER BY fault NULLS LAST LIMIT 1;
  IF v_bad.fault IS NOT NULL THEN
    RAISE EXCEPTION 'The API "%" can''t be registered: %.', v_bad.api, v_bad.fault USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_bad_catalogue IS 'Refuses (RG422) a malformed list of APIs, or name of an application';
