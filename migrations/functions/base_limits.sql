-- The limits that apply to an API where no override does: those of the plan's most specific row for the API, else the default. A window
-- that the row leaves empty is the default.
CREATE OR REPLACE FUNCTION rollgate.base_limits(
  p_api  text,
  p_plan text  -- NULL: no plan
) RETURNS TABLE (per_minute int, per_hour int, source text)
LANGUAGE sql STABLE AS $$
  SELECT rollgate.limit_under(d.per_minute, l.per_minute, l.factor), rollgate.limit_under(d.per_hour, l.per_hour, l.factor),
         coalesce('plan:' || l.plan, 'default')
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  LEFT JOIN LATERAL (
    SELECT * FROM rollgate.plan_limit l
    WHERE l.plan = p_plan AND rollgate.scope_covers(l.group_id, l.api, c.group_id, c.api)
    ORDER BY rollgate.plan_limit_rank(l.group_id, l.api) DESC LIMIT 1
  ) l ON true
  WHERE c.api = p_api
$$;

COMMENT ON FUNCTION rollgate.base_limits IS
  'Limits of an API, and their source, where no override applies: of the plan''s most specific row, else the default';
