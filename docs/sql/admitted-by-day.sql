-- How many units were granted and denied on each day of the last year?
WITH parameters AS (SELECT (now() AT TIME ZONE 'UTC')::date - 365 AS since)
SELECT u.day, sum(u.admitted) AS admitted, sum(u.denied) AS denied, sum(u.shadow) AS shadow, sum(u.outage) AS outage,
       count(DISTINCT u.account) AS accounts
FROM rollgate_audit.usage_by_day_v1 u
WHERE u.day >= (SELECT since FROM parameters)
GROUP BY u.day
ORDER BY u.day;
