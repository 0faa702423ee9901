-- What happened to one account on one day, in order: denials, limit requests and changes of its limits?
WITH parameters AS (SELECT 'acme' AS account, date_trunc('day', now(), 'UTC') AS day),
span AS (SELECT account, day AS since, day + interval '1 day' AS until FROM parameters)
SELECT min(e.first_at) AS at, 'denied' AS what, NULL AS who,
       sum(e.count) || ' calls of ' || e.subject || ' by the ' || e.window_name || ': limit ' || e.limit_units
         || ' (' || e.source || ', ' || e.mode || ')' AS details
FROM rollgate_audit.limit_events_v1 e
WHERE e.kind = 'denied' AND e.account = (SELECT account FROM span)
  AND e.first_at >= (SELECT since FROM span) AND e.first_at < (SELECT until FROM span)
GROUP BY date_trunc('minute', e.first_at), e.subject, e.window_name, e.limit_units, e.source, e.mode
UNION ALL
SELECT h.at, 'override ' || h.action, h.actor,
       h.override_id || ': ' || coalesce(h.per_minute::text, 'default') || ' a minute, '
         || coalesce(h.per_hour::text, 'default') || ' an hour: ' || h.reason
FROM rollgate_audit.override_history_v1 h, span s
WHERE h.account = s.account AND h.at >= s.since AND h.at < s.until
UNION ALL
SELECT h.at, 'request ' || h.action, h.actor, h.limit_request_id || ': ' || h.reason
FROM rollgate_audit.request_history_v1 h, span s
WHERE h.account = s.account AND h.at >= s.since AND h.at < s.until
ORDER BY at, what, details;
