-- Which accounts were denied although an override was in force, and how far above the default was the limit?
WITH parameters AS (SELECT now() - interval '7 days' AS since)
SELECT e.account, e.source AS override_id, e.api, e.window_name, e.limit_units, c.default_units,
       round(e.limit_units::numeric / nullif(c.default_units, 0), 2) AS times, sum(e.count) AS denials, max(e.last_at) AS last_at
FROM rollgate_audit.limit_events_v1 e
LEFT JOIN LATERAL (
  SELECT CASE e.window_name WHEN 'hour' THEN k.per_hour ELSE k.per_minute END AS default_units
  FROM rollgate_audit.catalogue_v1 k WHERE k.api = e.api
) c ON true
WHERE e.kind = 'denied' AND e.source <> 'default' AND e.first_at >= (SELECT since FROM parameters)
GROUP BY e.account, e.source, e.api, e.window_name, e.limit_units, c.default_units
ORDER BY denials DESC, override_id, e.api;
