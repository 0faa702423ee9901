-- Which accounts would have been denied if limits in shadow mode had been enforced?
WITH parameters AS (SELECT now() - interval '7 days' AS since)
SELECT e.account, e.api, e.window_name, e.limit_units, sum(e.count) AS let_through, count(DISTINCT e.subject) AS subjects,
       count(DISTINCT date_trunc('day', e.first_at)) AS days, max(e.last_at) AS last_at
FROM rollgate_audit.limit_events_v1 e
WHERE e.mode = 'shadow' AND e.kind = 'denied' AND e.first_at >= (SELECT since FROM parameters)
GROUP BY e.account, e.api, e.window_name, e.limit_units
ORDER BY let_through DESC, e.account, e.api;
