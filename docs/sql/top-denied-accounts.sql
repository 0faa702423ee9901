-- Which accounts were denied most today?
WITH parameters AS (SELECT date_trunc('day', now(), 'UTC') AS day),
top AS (
  SELECT d.account, sum(d.denials) AS denials, string_agg(DISTINCT d.api, ', ') AS apis
  FROM rollgate_audit.denials_by_hour_v1 d
  WHERE d.mode IN ('enforced', 'fallback_denied')
    AND d.hour >= (SELECT day FROM parameters) AND d.hour < (SELECT day FROM parameters) + interval '1 day'
  GROUP BY d.account
  ORDER BY denials DESC, d.account
  LIMIT 20
)
SELECT t.account, t.denials, e.subjects, t.apis, e.first_at, e.last_at
FROM top t
CROSS JOIN LATERAL (
  SELECT count(DISTINCT e.subject) AS subjects, min(e.first_at) AS first_at, max(e.last_at) AS last_at
  FROM rollgate_audit.limit_events_v1 e
  WHERE e.account = t.account AND e.kind = 'denied' AND e.mode IN ('enforced', 'fallback_denied')
    AND e.first_at >= (SELECT day FROM parameters) AND e.first_at < (SELECT day FROM parameters) + interval '1 day'
) e
ORDER BY t.denials DESC, t.account;
