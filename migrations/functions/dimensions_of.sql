-- Like parseSubjectKey in libs/limiter/src/subject/subject-key.ts. SECURITY DEFINER, because the auditors' views call it, and auditors may
-- not use the schema of the function that it calls.
CREATE OR REPLACE FUNCTION rollgate.dimensions_of(p_account text, p_level text[], p_subject text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p_subject = '*' THEN '{}' ELSE
    coalesce((SELECT jsonb_object_agg(split_part(d, '=', 1), rollgate.decode_part(split_part(d, '=', 2)))
              FROM unnest(string_to_array(split_part(p_subject, '/', 3), ',')) d), '{}')
    || CASE WHEN 'account' = ANY (p_level) THEN jsonb_build_object('account', p_account) ELSE '{}' END END
$$;

COMMENT ON FUNCTION rollgate.dimensions_of IS 'The dimensions of a subject and their values; {} for events that combine subjects (*)';
