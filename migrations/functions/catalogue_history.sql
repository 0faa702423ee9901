-- The history of the APIs' default limits, with the fields of its JSON as columns.
CREATE OR REPLACE VIEW rollgate.catalogue_history AS
SELECT h.id, h.at, h.action, h.target AS api, h.after ->> 'group' AS group_id, h.actor, h.role, h.address, h.request_id,
       rollgate.default_limit((h.before ->> 'perMinute')::int, (h.before ->> 'shippedPerMinute')::int) AS per_minute_before,
       rollgate.default_limit((h.after ->> 'perMinute')::int, (h.after ->> 'shippedPerMinute')::int) AS per_minute,
       rollgate.default_limit((h.before ->> 'perHour')::int, (h.before ->> 'shippedPerHour')::int) AS per_hour_before,
       rollgate.default_limit((h.after ->> 'perHour')::int, (h.after ->> 'shippedPerHour')::int) AS per_hour,
       (h.before ->> 'shadow')::boolean AS shadow_before, (h.after ->> 'shadow')::boolean AS shadow,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.undoes, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'catalogue';

COMMENT ON VIEW rollgate.catalogue_history IS 'Every change of an API''s default limits, as in rollgate_audit.catalogue_history_v1';
