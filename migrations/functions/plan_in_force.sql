-- `planAt` in libs/limiter/src/policy/plans.ts is the same rule; a test compares the two.
CREATE OR REPLACE FUNCTION rollgate.plan_in_force(
  p_account text,
  p_at      timestamptz,
  p_plan    text DEFAULT NULL  -- the plan that the call brings; the database knows it only from the caller
) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT a.plan FROM rollgate.plan_assignment a
    WHERE a.account = p_account AND rollgate.in_force(a.starts_at, a.ends_at, p_at)
    ORDER BY a.starts_at DESC LIMIT 1
  ), p_plan)
$$;

COMMENT ON FUNCTION rollgate.plan_in_force IS
  'Plan of an account at a moment: that of its assignment in force, else the one that the call brings; NULL: none';
