CREATE OR REPLACE VIEW rollgate.request_history AS
SELECT h.id, h.at, h.action, h.target AS limit_request_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.after ->> 'perMinute')::int AS per_minute, (h.after ->> 'perHour')::int AS per_hour,
       (h.after ->> 'factor')::numeric AS factor,
       (h.after ->> 'until')::timestamptz AS until, h.before ->> 'state' AS state_before, h.after ->> 'state' AS state,
       h.after ->> 'answer' AS answer, h.after ->> 'overrideId' AS override_id, h.reason, h.ticket, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'request';

COMMENT ON VIEW rollgate.request_history IS 'Every step of a limit request, as in rollgate_audit.request_history_v1';
