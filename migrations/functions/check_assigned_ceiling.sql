-- Extra units in force or later are added to the limits of the plan too, so they count together toward the approval limit, where the plan
-- raises a limit. Overrides of limits that cover the API do not matter here: they may end before the assignment.
CREATE OR REPLACE FUNCTION rollgate.check_assigned_ceiling(
  p_new rollgate.plan_assignment,
  p_by  rollgate.author,
  p_now timestamptz
) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_times  int := (SELECT c.times FROM rollgate.ceiling c WHERE c.role = p_by.role);
  v_before text := rollgate.plan_in_force(p_new.account, greatest(p_new.starts_at, p_now));
  v_above  text;
BEGIN
  SELECT c.api INTO v_above
  FROM rollgate.override o
  JOIN rollgate.catalogue c ON rollgate.scope_covers(o.group_id, o.api, c.group_id, c.api)
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  CROSS JOIN LATERAL rollgate.base_limits(c.api, v_before) b
  CROSS JOIN LATERAL rollgate.base_limits(c.api, p_new.plan) a
  WHERE o.account = p_new.account AND rollgate.sets_extra(o.extra_minute, o.extra_hour)
    AND o.expires_at > greatest(p_new.starts_at, p_now) AND (p_new.ends_at IS NULL OR o.starts_at < p_new.ends_at)
    AND (a.per_minute > b.per_minute AND rollgate.with_extra(a.per_minute, o.extra_minute) > d.per_minute::bigint * v_times
      OR a.per_hour > b.per_hour AND rollgate.with_extra(a.per_hour, o.extra_hour) > d.per_hour::bigint * v_times)
  ORDER BY c.ord LIMIT 1;
  IF found THEN
    PERFORM rollgate.refuse_above_ceiling(p_by, v_above);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_assigned_ceiling IS
  'Refuses (RG403) an assignment by which the plan''s limits and extra units together are above the approval limit of its author''s role';
