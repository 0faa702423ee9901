-- What an override changes, from p_now on. Limits of an API can change only when one of its overrides or a plan of the account starts
-- or ends, so only those moments are examined. APIs with the same defaults, and without an override or a limit of a plan for the API or
-- its group, have the same limits, so one of them (`model`) is compared for all. Retired APIs count only where the override is for one of
-- them.
CREATE OR REPLACE FUNCTION rollgate.override_effects(
  p_new     rollgate.override,
  p_now     timestamptz,
  p_subject text DEFAULT NULL  -- where p_new covers more than one subject; NULL: one that has no override of its own
) RETURNS TABLE (
  api text, at timestamptz, minute_before int, minute_after int, hour_before int, hour_after int, source_before text, source_after text
)
LANGUAGE sql STABLE AS $$
  WITH special AS (
    SELECT o.api, o.group_id FROM rollgate.override o WHERE o.account = p_new.account AND rollgate.unexpired(o.expires_at, p_now)
    UNION ALL
    SELECT l.api, l.group_id FROM rollgate.plan_assignment a JOIN rollgate.plan_limit l ON l.plan = a.plan
    WHERE a.account = p_new.account AND rollgate.unexpired(a.ends_at, p_now)
  ),
  apis AS (
    SELECT c.api, c.group_id, min(c.api) OVER (PARTITION BY d.per_minute, d.per_hour,
             CASE WHEN c.group_id IN (SELECT s.group_id FROM special s WHERE s.group_id IS NOT NULL) THEN c.group_id END,
             CASE WHEN c.api IN (SELECT s.api FROM special s WHERE s.api IS NOT NULL) THEN c.api END) AS model
    FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d
    WHERE rollgate.scope_covers(p_new.group_id, p_new.api, c.group_id, c.api) AND (c.retired_at IS NULL OR c.api = p_new.api)
  ),
  models AS (
    SELECT a.api, a.group_id FROM apis a WHERE a.api = a.model
  ),
  moments AS (
    SELECT a.api, t.at FROM models a CROSS JOIN (VALUES (p_now), (greatest(p_new.starts_at, p_now))) t (at)
    UNION
    SELECT a.api, t.at FROM models a
    JOIN rollgate.override o ON o.account = p_new.account AND rollgate.scope_covers(o.group_id, o.api, a.group_id, a.api)
      AND (o.subject IS NULL OR o.subject = coalesce(p_subject, p_new.subject))
    CROSS JOIN LATERAL (VALUES (o.starts_at), (o.expires_at)) t (at)
    WHERE t.at > p_now AND rollgate.unexpired(p_new.expires_at, t.at)
    UNION
    SELECT m.api, t.at FROM models m CROSS JOIN rollgate.plan_assignment a CROSS JOIN LATERAL (VALUES (a.starts_at), (a.ends_at)) t (at)
    WHERE a.account = p_new.account AND t.at > p_now AND rollgate.unexpired(p_new.expires_at, t.at)
  ),
  -- Materialized, so that each model is compared once. If the join below ran first, every API would be compared.
  compared AS MATERIALIZED (
    SELECT m.api, m.at, b.per_minute AS minute_before, a.per_minute AS minute_after, b.per_hour AS hour_before, a.per_hour AS hour_after,
           b.source AS source_before, a.source AS source_after
    FROM moments m
    CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_subject, p_new.subject, ''), m.at) b
    CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_subject, p_new.subject, ''), m.at, p_new) a
  )
  SELECT a.api, c.at, c.minute_before, c.minute_after, c.hour_before, c.hour_after, c.source_before, c.source_after
  FROM apis a JOIN compared c ON c.api = a.model
$$;

COMMENT ON FUNCTION rollgate.override_effects IS
  'Limits of every API in an override''s scope before and after it is stored, at each moment from p_now to its end at which they can '
  'change';
