-- Which accounts have used 80 % or more of a window right now?
WITH parameters AS (SELECT now() AS at, 80 AS percent)
SELECT n.account, n.api, n.subject, n.minute_used, n.minute_limit, n.minute_used * 100 / nullif(n.minute_limit, 0) AS minute_percent,
       n.hour_used, n.hour_limit, n.hour_used * 100 / nullif(n.hour_limit, 0) AS hour_percent, n.source, n.mode
FROM parameters p CROSS JOIN LATERAL rollgate_audit.near_limit(p.percent, p.at) n
ORDER BY greatest(n.minute_used * 100 / nullif(n.minute_limit, 0), n.hour_used * 100 / nullif(n.hour_limit, 0)) DESC, n.subject;
