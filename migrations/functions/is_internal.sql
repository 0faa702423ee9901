CREATE OR REPLACE FUNCTION rollgate.is_internal(p_account text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_account = '_rollgate'
$$;

COMMENT ON FUNCTION rollgate.is_internal IS
  'Whether the account belongs to Rollgate itself; no override, limit request or list may name such an account';
