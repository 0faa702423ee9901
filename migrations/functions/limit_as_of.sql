-- Like rollgate.limits_for, at any past moment, from the history.
CREATE OR REPLACE FUNCTION rollgate.limit_as_of(
  p_account text,
  p_api     text,
  p_subject text,              -- the subject's key
  p_at      timestamptz,
  p_plan    text DEFAULT NULL  -- the plan that the call brought
)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH api AS (
    SELECT h.api, h.group_id, h.per_minute, h.per_hour, h.shadow, h.version
    FROM rollgate.catalogue_history h
    WHERE h.api = p_api AND h.at <= p_at
    ORDER BY h.id DESC
    LIMIT 1
  ),
  -- Each assignment as it was.
  assigned AS (
    SELECT DISTINCT ON (h.target) h.after ->> 'plan' AS plan, (h.after ->> 'startsAt')::timestamptz AS starts_at,
           (h.after ->> 'endsAt')::timestamptz AS ends_at
    FROM rollgate.history h
    WHERE h.kind = 'assignment' AND h.account = p_account AND h.at <= p_at
    ORDER BY h.target, h.id DESC
  ),
  plan AS (
    SELECT h.target AS id, h.after -> 'limits' AS limits
    FROM rollgate.history h
    WHERE h.kind = 'plan' AND h.at <= p_at AND h.target = coalesce((
      SELECT a.plan FROM assigned a WHERE rollgate.in_force(a.starts_at, a.ends_at, p_at) ORDER BY a.starts_at DESC LIMIT 1), p_plan)
    ORDER BY h.id DESC
    LIMIT 1
  ),
  base AS (
    SELECT api.*, b.per_minute AS base_minute, b.per_hour AS base_hour,
      CASE WHEN b.of_plan THEN 'plan:' || plan.id ELSE 'default' END AS source
    FROM api
    LEFT JOIN plan ON true
    CROSS JOIN LATERAL rollgate.limits_under_rows(api.group_id, api.api, api.per_minute, api.per_hour, plan.limits) b
  ),
  -- Each override as it was. Overrides are numbered by their creation, which is their first row in the history.
  candidates AS (
    SELECT DISTINCT ON (h.override_id) h.*, min(h.id) OVER (PARTITION BY h.override_id) AS created
    FROM rollgate.override_history h
    WHERE h.account = p_account AND h.at <= p_at
    ORDER BY h.override_id, h.id DESC
  ),
  fitting AS (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created) AS rank
    FROM api
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject)
      AND rollgate.scope_covers(o.group_id, o.api, api.group_id, api.api)
      AND rollgate.in_force(o.starts_at, o.expires_at, p_at)
  )
  SELECT t.per_minute, t.per_hour,
         CASE WHEN (t.per_minute, t.per_hour) = (y.per_minute, y.per_hour) THEN y.source ELSE e.override_id END,
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank DESC LIMIT 1),
                  CASE WHEN y.shadow THEN 'shadow' ELSE 'enforced' END),
         y.version
  FROM (
    SELECT base.shadow, base.version, rollgate.limit_under(base.base_minute, o.per_minute, o.factor) AS per_minute,
           rollgate.limit_under(base.base_hour, o.per_hour, o.factor) AS per_hour, coalesce(o.override_id, base.source) AS source
    FROM base
    LEFT JOIN LATERAL (
      SELECT * FROM fitting f WHERE rollgate.sets_limit(f.per_minute, f.per_hour, f.factor) ORDER BY f.rank DESC LIMIT 1
    ) o ON true
    OFFSET 0
  ) y
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE rollgate.sets_extra(f.extra_minute, f.extra_hour) ORDER BY f.rank DESC LIMIT 1
  ) e ON true
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t
$$;

COMMENT ON FUNCTION rollgate.limit_as_of IS
  'Limits, their source and the mode that applied to a subject of an API at a past moment, and the version of the API''s defaults; '
  'no row: the API was not known yet';
