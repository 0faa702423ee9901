-- An account that is assigned twice, now and later, counts once.
CREATE OR REPLACE FUNCTION rollgate.assigned_accounts(p_plan text, p_now timestamptz) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT count(DISTINCT a.account)::int FROM rollgate.plan_assignment a
  WHERE a.plan = p_plan AND rollgate.unexpired(a.ends_at, p_now)
$$;

COMMENT ON FUNCTION rollgate.assigned_accounts IS 'Number of accounts that are assigned to a plan, now or from a later time on';
