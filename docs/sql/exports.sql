-- Who exported what in the last 30 days, how many rows, and did the client receive all of it?
WITH parameters AS (SELECT now() - interval '30 days' AS since)
SELECT l.first_at AS at, l.actor, l.actor_role, l.address, l.routes[1] AS list, l.filters, l.row_count,
       coalesce(l.result, 'end not recorded') AS result
FROM rollgate_audit.access_log_v1 l
WHERE l.action = 'export' AND l.first_at >= (SELECT since FROM parameters)
ORDER BY l.first_at DESC, l.id DESC;
