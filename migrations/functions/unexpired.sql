-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.unexpired(
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.in_force('-infinity', p_expires_at, p_at)
$$;

COMMENT ON FUNCTION rollgate.unexpired IS 'Whether an override is in force at p_at, or will be; inlined';
