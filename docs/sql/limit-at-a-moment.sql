-- Which limit applied to a subject at a given time, and who had set it?
WITH parameters AS (
  SELECT 'acme' AS account, 'publish-bot' AS api, 'acme/publish-bot/bot=b-1' AS subject, now() - interval '1 hour' AS at
)
SELECT l.per_minute, l.per_hour, l.source, l.mode, l.catalogue_version, h.actor, h.at AS since, h.reason, h.ticket
FROM parameters p
CROSS JOIN LATERAL rollgate_audit.limit_as_of(p.account, p.api, p.subject, p.at) l
LEFT JOIN LATERAL (
  SELECT x.actor, x.at, x.reason, x.ticket FROM rollgate_audit.override_history_v1 x
  WHERE x.override_id = l.source AND x.at <= p.at ORDER BY x.id DESC LIMIT 1
) h ON true;
