-- Like rollgate.base_limits, for rows of a plan as in the history or in a proposed change.
CREATE OR REPLACE FUNCTION rollgate.limits_under_rows(
  p_group      text,
  p_api        text,
  p_per_minute int,   -- the API's default limits
  p_per_hour   int,
  p_rows       jsonb  -- [{group, api, perMinute, perHour, factor}]; NULL: no plan
) RETURNS TABLE (per_minute int, per_hour int, of_plan boolean)
LANGUAGE sql STABLE AS $$
  SELECT rollgate.limit_under(p_per_minute, l."perMinute", l.factor), rollgate.limit_under(p_per_hour, l."perHour", l.factor),
    l.found IS NOT NULL
  FROM (SELECT) one
  LEFT JOIN LATERAL (
    SELECT l.*, true AS found
    FROM jsonb_to_recordset(p_rows) AS l ("group" text, api text, "perMinute" int, "perHour" int, factor numeric)
    WHERE rollgate.scope_covers(l."group", l.api, p_group, p_api)
    ORDER BY rollgate.plan_limit_rank(l."group", l.api) DESC LIMIT 1
  ) l ON true
$$;

COMMENT ON FUNCTION rollgate.limits_under_rows IS
  'Limits of an API with these defaults under the most specific of the rows of a plan, else its defaults';
