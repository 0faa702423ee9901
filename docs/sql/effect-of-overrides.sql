-- What did each new override change: denials of its account in the day before and in the day after?
WITH parameters AS (SELECT now() - interval '30 days' AS since),
made AS (
  SELECT h.override_id, h.account, h.api, h.group_id, h.subject, h.at, h.actor, h.per_minute, h.per_hour, h.factor,
         h.extra_minute, h.extra_hour
  FROM rollgate_audit.override_history_v1 h WHERE h.action = 'create' AND h.at >= (SELECT since FROM parameters)
)
SELECT m.override_id, m.at, m.actor, m.account, coalesce(m.subject, m.api, m.group_id, 'all APIs') AS of,
       m.per_minute, m.per_hour, m.factor, m.extra_minute, m.extra_hour,
       coalesce(sum(e.count) FILTER (WHERE e.first_at < m.at), 0) AS denied_before,
       coalesce(sum(e.count) FILTER (WHERE e.first_at >= m.at), 0) AS denied_after
FROM made m
LEFT JOIN rollgate_audit.limit_events_v1 e
  ON e.account = m.account AND (m.api IS NULL OR e.api = m.api) AND (m.group_id IS NULL OR e.group_id = m.group_id)
  AND (m.subject IS NULL OR e.subject = m.subject) AND e.kind = 'denied' AND e.mode IN ('enforced', 'fallback_denied')
  AND e.first_at >= m.at - interval '1 day' AND e.first_at < m.at + interval '1 day'
  AND e.first_at >= (SELECT since FROM parameters) - interval '1 day'
GROUP BY m.override_id, m.at, m.actor, m.account, m.subject, m.api, m.group_id, m.per_minute, m.per_hour, m.factor,
  m.extra_minute, m.extra_hour
ORDER BY m.at, m.override_id;
