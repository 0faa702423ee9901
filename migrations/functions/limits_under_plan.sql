-- Overrides are exceptions to the plan: an override's factor multiplies what applies without overrides, and a window that it leaves
-- empty keeps that. Extra units come on top: those of one override, the most specific and newest that sets any. p_instead answers "what
-- if": the given override replaces the stored one with its id, or is added to the stored ones.
CREATE OR REPLACE FUNCTION rollgate.limits_under_plan(
  p_account text,
  p_api     text,
  p_subject text,              -- the subject's key
  p_plan    text,              -- NULL: no plan
  p_at      timestamptz,
  p_instead rollgate.override  -- NULL: the stored ones
) RETURNS TABLE (
  per_minute int, per_hour int, source text, mode text, minute_without_extra int, hour_without_extra int, source_without_extra text
)
LANGUAGE sql STABLE AS $$
  WITH candidates AS (
    SELECT stored.* FROM rollgate.override stored WHERE stored.account = p_account AND stored.id IS DISTINCT FROM (p_instead).id
    UNION ALL
    SELECT (p_instead).* WHERE (p_instead).account = p_account
  ),
  fitting AS (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank
    FROM rollgate.catalogue c
    JOIN candidates o ON (o.subject IS NULL OR o.subject = p_subject)
      AND rollgate.scope_covers(o.group_id, o.api, c.group_id, c.api)
      AND rollgate.in_force(o.starts_at, o.expires_at, p_at)
    WHERE c.api = p_api
  )
  SELECT t.per_minute, t.per_hour, CASE WHEN (t.per_minute, t.per_hour) = (y.per_minute, y.per_hour) THEN y.source ELSE e.id END,
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank DESC LIMIT 1),
                  CASE WHEN y.shadow THEN 'shadow' ELSE 'enforced' END),
         y.per_minute, y.per_hour, y.source
  FROM (
    SELECT c.shadow, rollgate.limit_under(b.per_minute, o.per_minute, o.factor) AS per_minute,
           rollgate.limit_under(b.per_hour, o.per_hour, o.factor) AS per_hour, coalesce(o.id, b.source) AS source
    FROM rollgate.catalogue c
    CROSS JOIN LATERAL rollgate.base_limits(c.api, p_plan) b
    LEFT JOIN LATERAL (
      SELECT * FROM fitting f WHERE rollgate.sets_limit(f.per_minute, f.per_hour, f.factor) ORDER BY f.rank DESC LIMIT 1
    ) o ON true
    WHERE c.api = p_api
    OFFSET 0
  ) y
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE rollgate.sets_extra(f.extra_minute, f.extra_hour) ORDER BY f.rank DESC LIMIT 1
  ) e ON true
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t
$$;

COMMENT ON FUNCTION rollgate.limits_under_plan IS
  'Limits, their source and the mode of one subject of an API at a time, under the overrides stored now, if its account has this plan; '
  'also what applies without extra units';
