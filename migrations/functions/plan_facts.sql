-- The facts of a plan that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.plan_facts(p rollgate.plan) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', p.id, 'title', p.title, 'description', p.description,
    'limits', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('group', l.group_id, 'api', l.api, 'perMinute', l.per_minute, 'perHour', l.per_hour,
        'factor', l.factor) ORDER BY rollgate.plan_limit_rank(l.group_id, l.api), l.group_id, l.api), '[]')
      FROM rollgate.plan_limit l WHERE l.plan = p.id),
    'retiredAt', to_char(p.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', p.version)
$$;
