-- Like rollgate.limits_for, at any past moment, from the history.
CREATE OR REPLACE FUNCTION rollgate.limit_as_of(p_account text, p_api text, p_subject text, p_at timestamptz)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH api AS (
    SELECT h.after ->> 'group' AS group_id, (h.after ->> 'version')::int AS version, (h.after ->> 'shadow')::boolean AS shadow,
           coalesce((h.after ->> 'perMinute')::int, (h.after ->> 'shippedPerMinute')::int) AS per_minute,
           coalesce((h.after ->> 'perHour')::int, (h.after ->> 'shippedPerHour')::int) AS per_hour
    FROM rollgate.history h
    WHERE h.kind = 'catalogue' AND h.target = p_api AND h.at <= p_at
    ORDER BY h.id DESC
    LIMIT 1
  ),
  -- Each override as it was; `made` is the order of creation.
  stood AS (
    SELECT DISTINCT ON (h.target) h.target AS id, h.after, min(h.id) OVER (PARTITION BY h.target) AS made
    FROM rollgate.history h
    WHERE h.kind = 'override' AND h.account = p_account AND h.at <= p_at
    ORDER BY h.target, h.id DESC
  ),
  fitting AS (
    SELECT o.id, (o.after ->> 'perMinute')::int AS per_minute, (o.after ->> 'perHour')::int AS per_hour,
           (o.after ->> 'factor')::numeric AS factor, o.after ->> 'mode' AS mode,
           row_number() OVER (ORDER BY o.after ->> 'subject' IS NULL, o.after ->> 'api' IS NULL, o.after ->> 'group' IS NULL,
             o.made DESC) AS rank
    FROM api JOIN stood o
      ON coalesce(o.after ->> 'subject' = p_subject, o.after ->> 'subject' IS NULL)
      AND coalesce(o.after ->> 'api' = p_api, true) AND coalesce(o.after ->> 'group' = api.group_id, true)
      AND (o.after ->> 'startsAt')::timestamptz <= p_at
      AND coalesce((o.after ->> 'expiresAt')::timestamptz > p_at, true)
  )
  SELECT rollgate.limit_under(api.per_minute, o.per_minute, o.factor), rollgate.limit_under(api.per_hour, o.per_hour, o.factor),
         coalesce(o.id, 'default'),
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank LIMIT 1),
                  CASE WHEN api.shadow THEN 'shadow' ELSE 'enforced' END),
         api.version
  FROM api
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE f.per_minute IS NOT NULL OR f.per_hour IS NOT NULL OR f.factor IS NOT NULL ORDER BY f.rank LIMIT 1
  ) o ON true
$$;

COMMENT ON FUNCTION rollgate.limit_as_of IS
  'Limits, their source and the mode that applied to a subject of an API at a past moment, and the version of the API''s defaults; '
  'no row: the API was not known yet';
