-- Returns the effective limits of one subject. Every instance applies the same rule (libs/limiter/src/policy); a test compares the
-- two. p_instead answers "what if": the given override replaces the stored one with its id, or is added to the stored ones.
CREATE OR REPLACE FUNCTION rollgate.limits_for(
  p_account text,
  p_api     text,
  p_subject text,                           -- the subject's key
  p_at      timestamptz       DEFAULT NULL,  -- NULL: now
  p_instead rollgate.override DEFAULT NULL
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text)
LANGUAGE sql STABLE AS $$
  WITH clock AS (SELECT coalesce(p_at, clock_timestamp()) AS at),
  candidates AS (
    SELECT stored.* FROM rollgate.override stored WHERE stored.account = p_account AND stored.id IS DISTINCT FROM (p_instead).id
    UNION ALL
    SELECT (p_instead).* WHERE (p_instead).account = p_account
  ),
  fitting AS (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank
    FROM clock
    JOIN rollgate.catalogue c ON c.api = p_api
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject)
      AND rollgate.scope_covers(o.group_id, o.api, c.group_id, c.api)
      AND rollgate.in_force(o.starts_at, o.expires_at, clock.at)
  )
  SELECT rollgate.limit_under(d.per_minute, o.per_minute, o.factor), rollgate.limit_under(d.per_hour, o.per_hour, o.factor),
         coalesce(o.id, 'default'),
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank DESC LIMIT 1),
                  CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END)
  FROM rollgate.catalogue c
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE rollgate.sets_limit(f.per_minute, f.per_hour, f.factor) ORDER BY f.rank DESC LIMIT 1
  ) o ON true
  WHERE c.api = p_api
$$;

COMMENT ON FUNCTION rollgate.limits_for IS
  'Effective limits, their source and the mode of one subject of an API, now or at another time under the overrides stored now; '
  'p_instead: as if this override were stored';
