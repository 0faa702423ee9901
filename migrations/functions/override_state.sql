-- Inlined, unless p_at is volatile: select clock_timestamp() in a subquery first.
CREATE OR REPLACE FUNCTION rollgate.override_state(
  p_starts_at  timestamptz,
  p_expires_at timestamptz,  -- NULL: it does not expire
  p_at         timestamptz
) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN rollgate.in_force(p_starts_at, p_expires_at, p_at) THEN 'inForce'
    WHEN rollgate.unexpired(p_expires_at, p_at) THEN 'upcoming'
    ELSE 'expired' END
$$;

COMMENT ON FUNCTION rollgate.override_state IS 'The state of an override at p_at: upcoming, inForce or expired; inlined';
