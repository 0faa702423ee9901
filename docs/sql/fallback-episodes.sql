-- When did instances decide without the database, for how long, and what did they decide?
WITH parameters AS (SELECT now() - interval '30 days' AS since, interval '5 minutes' AS apart),
events AS (
  SELECT e.*, e.first_at - lag(e.last_at) OVER (ORDER BY e.first_at) > (SELECT apart FROM parameters) AS after_a_pause
  FROM rollgate_audit.limit_events_v1 e
  WHERE e.mode IN ('fallback_allowed', 'fallback_denied') AND e.first_at >= (SELECT since FROM parameters)
),
episodes AS (
  SELECT x.*, count(*) FILTER (WHERE x.after_a_pause) OVER (ORDER BY x.first_at) AS episode FROM events x
)
SELECT min(x.first_at) AS began, max(x.last_at) AS ended, count(DISTINCT x.instance) AS instances, count(DISTINCT x.account) AS accounts,
       coalesce(sum(x.count) FILTER (WHERE x.mode = 'fallback_allowed'), 0) AS allowed,
       coalesce(sum(x.count) FILTER (WHERE x.mode = 'fallback_denied'), 0) AS denied
FROM episodes x
GROUP BY x.episode
ORDER BY began;
