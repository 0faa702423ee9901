-- An override ends just before its expiry. `fits` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two.
-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.unexpired(
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_expires_at IS NULL OR p_expires_at > p_at
$$;

COMMENT ON FUNCTION rollgate.unexpired IS 'Whether an override that expires at p_expires_at has not expired at p_at; inlined';
