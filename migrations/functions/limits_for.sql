-- Returns the effective limits of one subject. Every instance applies the same rule (libs/limiter/src/policy); a test compares the
-- two. p_instead answers "what if": the given override replaces the stored one with its id, or is added to the stored ones.
CREATE OR REPLACE FUNCTION rollgate.limits_for(
  p_account text, p_api text, p_subject text, p_at timestamptz DEFAULT NULL, p_instead rollgate.override DEFAULT NULL
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text)
LANGUAGE sql STABLE AS $$
  WITH candidates AS (
    SELECT s.* FROM rollgate.override s WHERE s.account = p_account AND s.id IS DISTINCT FROM (p_instead).id
    UNION ALL
    SELECT (p_instead).* WHERE (p_instead).account = p_account
  ),
  fitting AS (
    SELECT o.*, row_number() OVER (ORDER BY o.subject IS NULL, o.api IS NULL, o.group_id IS NULL, o.created_in DESC) AS rank
    FROM rollgate.catalogue c
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject) AND (o.api IS NULL OR o.api = c.api)
      AND (o.group_id IS NULL OR o.group_id = c.group_id)
      AND o.starts_at <= coalesce(p_at, clock_timestamp())
      AND (o.expires_at IS NULL OR o.expires_at > coalesce(p_at, clock_timestamp()))
    WHERE c.api = p_api
  )
  SELECT rollgate.limit_under(d.per_minute, o.per_minute, o.factor), rollgate.limit_under(d.per_hour, o.per_hour, o.factor),
         coalesce(o.id, 'default'),
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank LIMIT 1),
                  CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END)
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE f.per_minute IS NOT NULL OR f.per_hour IS NOT NULL OR f.factor IS NOT NULL ORDER BY f.rank LIMIT 1
  ) o ON true
  WHERE c.api = p_api
$$;

COMMENT ON FUNCTION rollgate.limits_for IS
  'Effective limits, their source and the mode of one subject of an API, now or at another time under the overrides stored now; '
  'p_instead: as if this override were stored';
