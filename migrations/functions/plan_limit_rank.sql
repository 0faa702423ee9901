-- `PLAN_ROWS` in libs/limiter/src/policy/plans.ts is the same rule; a test compares the two. Inlined.
CREATE OR REPLACE FUNCTION rollgate.plan_limit_rank(p_group text, p_api text) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_api IS NOT NULL THEN 2 WHEN p_group IS NOT NULL THEN 1 ELSE 0 END
$$;

COMMENT ON FUNCTION rollgate.plan_limit_rank IS
  'Rank of a plan''s row among those that cover an API: of one API, of its group, of all; the highest one applies; inlined';
