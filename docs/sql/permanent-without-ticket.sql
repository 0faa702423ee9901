-- Which overrides have no end date and no ticket?
SELECT o.id, o.account, o.scope, coalesce(o.api, o.group_id) AS of, o.per_minute, o.per_hour, o.mode, o.created_by, o.created_at, o.reason
FROM rollgate_audit.overrides_in_force_v1 o
WHERE o.permanent AND o.ticket IS NULL
ORDER BY o.created_at, o.id;
