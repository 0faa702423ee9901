-- Who looked at one account in the last 30 days, how often, and what did they see?
WITH parameters AS (SELECT 'acme' AS account, now() - interval '30 days' AS since)
SELECT l.actor, min(l.first_at) AS first_at, max(l.last_at) AS last_at, sum(l.times)::int AS times,
       count(*) FILTER (WHERE l.action = 'export')::int AS exports,
       array(SELECT DISTINCT r FROM unnest(string_to_array(string_agg(array_to_string(l.routes, ' '), ' '), ' ')) r ORDER BY r) AS routes
FROM rollgate_audit.access_log_v1 l
CROSS JOIN parameters p
WHERE l.account = p.account AND l.last_at >= p.since
GROUP BY l.actor
ORDER BY last_at DESC, l.actor;
