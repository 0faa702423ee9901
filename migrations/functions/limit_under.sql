-- The rule for one window. `limitsUnder` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.limit_under(
  p_default int,
  p_limit   int,     -- of the override; NULL: it sets none
  p_factor  numeric  -- of the override; NULL: it sets none
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_factor IS NULL THEN coalesce(p_limit, p_default) ELSE least(ceil(p_default * p_factor), 1000000000)::int END
$$;

COMMENT ON FUNCTION rollgate.limit_under IS
  'One window''s limit under an override: its own limit, or the API''s default times its factor, rounded up to a whole unit; without '
  'either, the default; inlined';
