CREATE OR REPLACE FUNCTION rollgate.plan_effects(
  p_before jsonb,  -- as in rollgate.limits_under_rows
  p_after  jsonb
) RETURNS TABLE (api text, title text, ord int, minute_before int, minute_after int, hour_before int, hour_after int)
LANGUAGE sql STABLE AS $$
  SELECT c.api, c.title, c.ord, b.per_minute, a.per_minute, b.per_hour, a.per_hour
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  CROSS JOIN LATERAL rollgate.limits_under_rows(c.group_id, c.api, d.per_minute, d.per_hour, p_before) b
  CROSS JOIN LATERAL rollgate.limits_under_rows(c.group_id, c.api, d.per_minute, d.per_hour, p_after) a
  WHERE c.retired_at IS NULL
$$;

COMMENT ON FUNCTION rollgate.plan_effects IS
  'Limits of every API under two versions of a plan, for an account without overrides';
