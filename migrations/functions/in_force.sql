-- An override is in force from its start until just before its expiry, with nothing written at either time. `overrideState` in
-- libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two.
-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.in_force(
  p_starts_at  timestamptz,
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_starts_at <= p_at AND (p_expires_at IS NULL OR p_expires_at > p_at)
$$;

COMMENT ON FUNCTION rollgate.in_force IS 'Whether an override is in force at p_at; inlined';
