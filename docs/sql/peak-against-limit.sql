-- How close to its limits did an account come in the last 30 days, API by API?
WITH parameters AS (SELECT 'acme' AS account, date_trunc('day', now(), 'UTC') - interval '30 days' AS since),
peaks AS (
  SELECT u.api, max(u.peak_minute) AS peak_minute, max(u.peak_hour) AS peak_hour,
         (array_agg(u.hour ORDER BY u.peak_hour DESC, u.hour))[1] AS at
  FROM rollgate_audit.usage_by_hour_v1 u
  WHERE u.account = (SELECT account FROM parameters) AND u.hour >= (SELECT since FROM parameters)
  GROUP BY u.api
)
SELECT p.api, p.at, p.peak_minute, l.per_minute, p.peak_hour, l.per_hour,
       p.peak_hour * 100 / nullif(l.per_hour, 0) AS hour_percent, l.source
FROM peaks p
LEFT JOIN LATERAL rollgate_audit.limit_as_of((SELECT account FROM parameters), p.api, '', p.at) l ON true
ORDER BY hour_percent DESC NULLS LAST, p.api;
