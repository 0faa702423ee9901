-- What an override changes, from p_now on: limits of an API can change only when an override of it starts or ends, so these
-- moments are enough. An API's row is that of a subject without an override of its own.
CREATE OR REPLACE FUNCTION rollgate.override_effects(p_new rollgate.override, p_now timestamptz)
RETURNS TABLE (
  api text, at timestamptz, minute_before int, minute_after int, hour_before int, hour_after int, source_before text, source_after text
)
LANGUAGE sql STABLE AS $$
  WITH apis AS (
    SELECT c.api, c.group_id FROM rollgate.catalogue c
    WHERE (p_new.api IS NULL OR c.api = p_new.api) AND (p_new.group_id IS NULL OR c.group_id = p_new.group_id)
  ),
  moments AS (
    SELECT a.api, t.at FROM apis a CROSS JOIN (VALUES (p_now), (greatest(p_new.starts_at, p_now))) t (at)
    UNION
    SELECT a.api, t.at FROM apis a
    JOIN rollgate.override o ON o.account = p_new.account AND (o.api IS NULL OR o.api = a.api)
      AND (o.group_id IS NULL OR o.group_id = a.group_id) AND (o.subject IS NULL OR o.subject = p_new.subject)
    CROSS JOIN LATERAL (VALUES (o.starts_at), (o.expires_at)) t (at)
    WHERE t.at > p_now
  )
  SELECT m.api, m.at, b.per_minute, a.per_minute, b.per_hour, a.per_hour, b.source, a.source
  FROM moments m
  CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_new.subject, ''), m.at) b
  CROSS JOIN LATERAL rollgate.limits_for(p_new.account, m.api, coalesce(p_new.subject, ''), m.at, p_new) a
$$;

COMMENT ON FUNCTION rollgate.override_effects IS 'Limits of every API in an override''s scope before and after it is stored, at each moment from p_now on at which they can change';
