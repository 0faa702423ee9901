-- Which accounts were denied more than 1 % of their calls in the last week, counted in units?
WITH parameters AS (SELECT (now() AT TIME ZONE 'UTC')::date - 7 AS since, 1 AS percent)
SELECT u.account, sum(u.admitted) AS admitted, sum(u.denied) AS denied,
       round(sum(u.denied) * 100 / (sum(u.admitted) + sum(u.denied)), 2) AS percent_denied, sum(u.minutes_denied) AS minutes_denied
FROM rollgate_audit.usage_by_day_v1 u
WHERE u.day >= (SELECT since FROM parameters)
GROUP BY u.account
HAVING sum(u.denied) * 100 > (sum(u.admitted) + sum(u.denied)) * (SELECT percent FROM parameters)
ORDER BY percent_denied DESC, u.account;
