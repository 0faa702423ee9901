-- The history of overrides, with the fields of its JSON as columns.
CREATE OR REPLACE VIEW rollgate.override_history AS
SELECT h.id, h.at, h.action, h.target AS override_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'scope' AS scope, h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.before ->> 'perMinute')::int AS per_minute_before, (h.after ->> 'perMinute')::int AS per_minute,
       (h.before ->> 'perHour')::int AS per_hour_before, (h.after ->> 'perHour')::int AS per_hour,
       (h.before ->> 'factor')::numeric AS factor_before, (h.after ->> 'factor')::numeric AS factor,
       h.before ->> 'mode' AS mode_before, h.after ->> 'mode' AS mode,
       (h.after ->> 'startsAt')::timestamptz AS starts_at,
       (h.before ->> 'expiresAt')::timestamptz AS expires_at_before, (h.after ->> 'expiresAt')::timestamptz AS expires_at,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.after ->> 'requestId' AS limit_request_id, h.undoes,
       h.after -> 'lowered' AS lowered, h.before, h.after, h.hash,
       (h.before ->> 'extraMinute')::int AS extra_minute_before, (h.after ->> 'extraMinute')::int AS extra_minute,
       (h.before ->> 'extraHour')::int AS extra_hour_before, (h.after ->> 'extraHour')::int AS extra_hour, h.batch
FROM rollgate.history h
WHERE h.kind = 'override';

COMMENT ON VIEW rollgate.override_history IS 'Every change of an override, as in rollgate_audit.override_history_v1';
