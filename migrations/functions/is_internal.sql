CREATE OR REPLACE FUNCTION rollgate.is_internal(p_account text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_account = '_rollgate'
$$;

COMMENT ON FUNCTION rollgate.is_internal IS 'Whether Rollgate counts for itself under this account: no override, limit request or list names it';
