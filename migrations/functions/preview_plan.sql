CREATE OR REPLACE FUNCTION rollgate.preview_plan(
  p_id     text,   -- a plan, or one that does not exist yet
  p_limits jsonb   -- as in rollgate.put_plan_limits
) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH given AS (
    SELECT coalesce((SELECT rollgate.plan_facts(p) -> 'limits' FROM rollgate.plan p WHERE p.id = p_id), '[]') AS before,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('group', l.group_id, 'api', l.api, 'perMinute', l.per_minute,
             'perHour', l.per_hour,
              'factor', l.factor)), '[]') FROM jsonb_populate_recordset(NULL::rollgate.plan_limit, p_limits) l) AS after,
           rollgate.assigned_accounts(p_id, t.now) AS accounts
    FROM (SELECT clock_timestamp() AS now) t
  )
  SELECT jsonb_build_object('accounts', g.accounts,
    'lowered', CASE WHEN EXISTS (SELECT FROM rollgate.plan p WHERE p.id = p_id)
      THEN coalesce(rollgate.lowered_by_plan(g.before, g.after, g.accounts), '[]') ELSE '[]' END,
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', e.api, 'title', e.title,
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after)) ORDER BY e.ord), '[]')
      FROM rollgate.plan_effects(g.before, g.after) e))
  FROM given g
$$;

COMMENT ON FUNCTION rollgate.preview_plan IS
  'What a plan would change with these limits: {accounts, lowered, effects: [{api, title, before, after}]}, with every API';
