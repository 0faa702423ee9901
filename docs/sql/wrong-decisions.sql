-- Which denials of the last day were wrong? Expected result: no rows.
WITH parameters AS (SELECT date_trunc('day', now(), 'UTC') - interval '1 day' AS since)
SELECT r.*
FROM rollgate_audit.recheck_decisions_v1 r
WHERE r.day >= (SELECT since FROM parameters)
ORDER BY r.at, r.event_id;
