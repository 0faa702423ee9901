CREATE OR REPLACE FUNCTION rollgate_audit.limit_as_of(
  account text,
  api     text,
  subject text,
  at      timestamptz
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.limit_as_of($1, $2, $3, $4)
$$;

COMMENT ON FUNCTION rollgate_audit.limit_as_of IS
  'The limits that applied to a subject (a key, e.g. acme/publish-bot/bot=b-17) of an API at a moment, their source and the mode; no '
  'row: the API was not known yet';
