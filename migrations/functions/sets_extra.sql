-- `setsExtra` in libs/limiter/src/policy/resolve.ts is the same rule. Inlined.
CREATE OR REPLACE FUNCTION rollgate.sets_extra(p_extra_minute int, p_extra_hour int) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_extra_minute IS NOT NULL OR p_extra_hour IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.sets_extra IS 'Whether an override sets extra units; inlined';
