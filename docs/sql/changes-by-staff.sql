-- Who changed what in the last week: overrides, limit requests, the catalogue and staff?
WITH parameters AS (SELECT now() - interval '7 days' AS since),
changes AS (
  SELECT actor, at, 'override' AS kind, action FROM rollgate_audit.override_history_v1
  UNION ALL SELECT actor, at, 'request', action FROM rollgate_audit.request_history_v1
  UNION ALL SELECT actor, at, 'catalogue', action FROM rollgate_audit.catalogue_history_v1
  UNION ALL SELECT actor, at, kind, action FROM rollgate_audit.staff_history_v1
)
SELECT c.actor, c.kind, c.action, count(*) AS changes, max(c.at) AS last_at
FROM changes c
WHERE c.at >= (SELECT since FROM parameters) AND c.actor NOT LIKE 'account:%'
GROUP BY c.actor, c.kind, c.action
ORDER BY c.actor, c.kind, c.action;
