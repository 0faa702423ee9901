-- Which overrides have been in force for a week and were never needed?
WITH parameters AS (SELECT now() - interval '7 days' AS made_before)
SELECT o.id, o.account, o.scope, coalesce(o.api, o.group_id) AS of, o.per_minute, o.per_hour, o.factor, o.extra_minute, o.extra_hour,
       o.mode, o.created_by, o.created_at, o.expires_at, o.ticket,
       CASE WHEN o.first_used_at IS NULL THEN 'never used'
            ELSE 'peak ' || o.peak_minute || ' of ' || o.default_per_minute || ' by default' END AS use
FROM rollgate_audit.overrides_in_force_v1 o
WHERE o.needed_at IS NULL AND o.created_at < (SELECT made_before FROM parameters)
ORDER BY o.created_at, o.id;
