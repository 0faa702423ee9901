-- Which accounts have used 80 % or more of a window right now?
WITH parameters AS (SELECT now() AS at, 80 AS percent),
used AS (
  SELECT u.*, u.minute_used * 100 / nullif(u.minute_limit, 0) AS minute_percent, u.hour_used * 100 / nullif(u.hour_limit, 0) AS hour_percent
  FROM rollgate_audit.usage_at((SELECT at FROM parameters)) u
)
SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, u.minute_percent,
       u.hour_used, u.hour_limit, u.hour_percent, u.source, u.mode
FROM used u
WHERE greatest(u.minute_percent, u.hour_percent) >= (SELECT percent FROM parameters)
ORDER BY greatest(u.minute_percent, u.hour_percent) DESC, u.subject;
