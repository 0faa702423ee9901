-- Which accounts were denied most today?
WITH parameters AS (SELECT date_trunc('day', now(), 'UTC') AS day)
SELECT e.account, sum(e.count) AS denials, count(DISTINCT e.subject) AS subjects, string_agg(DISTINCT e.api, ', ') AS apis,
       min(e.first_at) AS first_at, max(e.last_at) AS last_at
FROM rollgate_audit.limit_events_v1 e
WHERE e.kind = 'denied' AND e.mode IN ('enforced', 'fallback_denied')
  AND e.first_at >= (SELECT day FROM parameters) AND e.first_at < (SELECT day FROM parameters) + interval '1 day'
GROUP BY e.account
ORDER BY denials DESC, e.account
LIMIT 20;
