-- What an assignment changes, from p_now on and after its end. It replaces the stored one with its id, and ends earlier ones at its
-- start. Limits can change only when an assignment or an override starts or ends, so only those moments are examined, and of those only
-- the ones at which the account has another plan than before. The row of an API describes a subject that has no override of its own.
-- A plan that calls bring is not known to the database: where neither applies, the limits are those without a plan.
CREATE OR REPLACE FUNCTION rollgate.assignment_effects(
  p_new     rollgate.plan_assignment,
  p_now     timestamptz,
  p_without text DEFAULT NULL  -- another assignment, which ends at p_now
) RETURNS TABLE (
  api text, title text, ord int, at timestamptz, minute_before int, minute_after int, hour_before int, hour_after int,
  source_before text, source_after text
)
LANGUAGE sql STABLE AS $$
  WITH moments AS (
    SELECT t.at FROM (VALUES (p_now), (greatest(p_new.starts_at, p_now)), (greatest(p_new.ends_at, p_now))) t (at) WHERE t.at IS NOT NULL
    UNION
    SELECT t.at FROM rollgate.plan_assignment a CROSS JOIN LATERAL (VALUES (a.starts_at), (a.ends_at)) t (at)
    WHERE a.account = p_new.account AND t.at > p_now
    UNION
    SELECT t.at FROM rollgate.override o CROSS JOIN LATERAL (VALUES (o.starts_at), (o.expires_at)) t (at)
    WHERE o.account = p_new.account AND o.subject IS NULL AND t.at > p_now
  ),
  plans AS (
    SELECT m.at, rollgate.plan_in_force(p_new.account, m.at) AS before,
           CASE
             WHEN rollgate.in_force(p_new.starts_at, p_new.ends_at, m.at) THEN p_new.plan
             ELSE (
               SELECT a.plan FROM rollgate.plan_assignment a
               WHERE a.account = p_new.account AND a.id IS DISTINCT FROM p_new.id AND a.id IS DISTINCT FROM p_without
                 AND rollgate.in_force(a.starts_at, a.ends_at, m.at)
                 AND (m.at < p_new.starts_at OR a.starts_at > p_new.starts_at)
               ORDER BY a.starts_at DESC LIMIT 1) END AS after
    FROM moments m
  )
  SELECT c.api, c.title, c.ord, p.at, b.per_minute, a.per_minute, b.per_hour, a.per_hour, b.source, a.source
  FROM plans p
  JOIN rollgate.catalogue c ON c.retired_at IS NULL
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_new.account, c.api, '', p.before, p.at, NULL) b
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_new.account, c.api, '', p.after, p.at, NULL) a
  WHERE p.before IS DISTINCT FROM p.after
$$;

COMMENT ON FUNCTION rollgate.assignment_effects IS
  'Limits of every API before and after an assignment is stored, at each moment from p_now on at which the account gets another plan by it';
