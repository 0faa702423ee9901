-- How many calls were denied in each hour of the last day, by API group?
WITH parameters AS (SELECT date_trunc('hour', now(), 'UTC') - interval '23 hours' AS since)
SELECT d.hour, d.group_id, sum(d.denials) FILTER (WHERE d.window_name = 'minute') AS by_minute,
       sum(d.denials) FILTER (WHERE d.window_name = 'hour') AS by_hour, count(DISTINCT d.account) AS accounts
FROM rollgate_audit.denials_by_hour_v1 d
WHERE d.hour >= (SELECT since FROM parameters) AND d.mode IN ('enforced', 'fallback_denied')
GROUP BY d.hour, d.group_id
ORDER BY d.hour, d.group_id;
