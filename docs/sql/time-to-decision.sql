-- How long do limit requests take to be reviewed, by whom, and which request has waited longest?
WITH parameters AS (SELECT now() AS at, now() - interval '90 days' AS since)
SELECT r.state, coalesce(r.decided_by, 'not decided yet') AS decided_by, count(*) AS requests,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY w.hours)::numeric, 1) AS median_hours,
       round(max(w.hours)::numeric, 1) AS longest_hours,
       (array_agg(r.id ORDER BY w.hours DESC, r.id))[1] AS longest
FROM rollgate_audit.limit_requests_v1 r
CROSS JOIN LATERAL (
  SELECT extract(epoch FROM coalesce(r.decided_at, (SELECT at FROM parameters)) - r.asked_at) / 3600 AS hours
) w
WHERE r.asked_at >= (SELECT since FROM parameters)
GROUP BY r.state, r.decided_by
ORDER BY r.state, requests DESC, decided_by;
