-- Who raised a limit above ten times its default, for which account, when and why?
WITH parameters AS (SELECT 10 AS times, now() - interval '90 days' AS since)
SELECT h.at, h.actor, h.role, h.action, h.account, h.override_id, coalesce(h.api, h.group_id, 'all APIs') AS of,
       h.per_minute, h.times_per_minute, h.per_hour, h.times_per_hour, h.factor, h.extra_minute, h.extra_hour,
       h.expires_at, h.reason, h.ticket
FROM rollgate_audit.override_history_v1 h
WHERE h.at >= (SELECT since FROM parameters) AND h.action IN ('create', 'change', 'undo', 'restore')
  AND greatest(h.times_per_minute, h.times_per_hour) > (SELECT times FROM parameters)
ORDER BY h.at, h.id;
