-- An override that sets only a mode does not affect the limits. `setsLimit` in libs/limiter/src/policy/resolve.ts is the same rule; a
-- test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.sets_limit(p_per_minute int, p_per_hour int, p_factor numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_per_minute IS NOT NULL OR p_per_hour IS NOT NULL OR p_factor IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.sets_limit IS 'Whether an override sets limits, or a factor of the defaults; inlined';
