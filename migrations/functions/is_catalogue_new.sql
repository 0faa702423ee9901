CREATE OR REPLACE FUNCTION rollgate.is_catalogue_new(
  p_application  text,
  p_apis         jsonb,
  p_missing_only boolean
) RETURNS boolean
LANGUAGE sql STABLE AS $$
  WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis)
  )
  SELECT EXISTS (
    SELECT FROM given t
    LEFT JOIN rollgate.catalogue c USING (api)
    LEFT JOIN rollgate.catalogue_owner o ON o.api = t.api AND o.application = p_application
    WHERE c.api IS NULL
       OR NOT p_missing_only AND (o.api IS NULL OR c.retired_at IS NOT NULL
         OR rollgate.shipped_definition(c) IS DISTINCT FROM rollgate.shipped_definition(t))
  ) OR NOT p_missing_only AND EXISTS (
    SELECT FROM rollgate.catalogue_owner o WHERE o.application = p_application AND o.api NOT IN (SELECT t.api FROM given t)
  )
$$;

COMMENT ON FUNCTION rollgate.is_catalogue_new IS 'Whether registering this list of an application would change anything';
