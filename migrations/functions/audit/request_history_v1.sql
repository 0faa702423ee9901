CREATE OR REPLACE VIEW rollgate_audit.request_history_v1 AS
SELECT h.id, h.at, h.action, h.limit_request_id, h.account, h.actor, h.role, h.address, h.request_id, h.group_id, h.api, h.subject,
       h.per_minute, h.per_hour, h.factor, h.until, h.state_before, h.state, h.answer, h.override_id, h.reason, h.ticket, h.before, h.after, h.hash
FROM rollgate.request_history h;

COMMENT ON VIEW rollgate_audit.request_history_v1 IS 'Every step of a limit request: asked, approved, declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.id               IS 'place in the chain of the history';
COMMENT ON COLUMN rollgate_audit.request_history_v1.at               IS 'when';
COMMENT ON COLUMN rollgate_audit.request_history_v1.action           IS 'ask, approve or decline';
COMMENT ON COLUMN rollgate_audit.request_history_v1.limit_request_id IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.request_history_v1.account          IS 'the tenant it is for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.actor            IS 'who: account:<account> or staff:<login>';
COMMENT ON COLUMN rollgate_audit.request_history_v1.role             IS 'role in which the actor did';
COMMENT ON COLUMN rollgate_audit.request_history_v1.address          IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.request_id       IS 'HTTP request';
COMMENT ON COLUMN rollgate_audit.request_history_v1.group_id         IS 'the group, where it is for one';
COMMENT ON COLUMN rollgate_audit.request_history_v1.api              IS 'the API, where it is for one';
COMMENT ON COLUMN rollgate_audit.request_history_v1.subject          IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_minute       IS 'units in any 60 s that were asked for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_hour         IS 'units in any 3,600 s that were asked for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.factor           IS 'times each API''s own default that were asked for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.until            IS 'wanted until; NULL: for good';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state_before     IS 'state before; NULL: it was asked';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state            IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.answer           IS 'what the account was told';
COMMENT ON COLUMN rollgate_audit.request_history_v1.override_id      IS 'the override that was made of it';
COMMENT ON COLUMN rollgate_audit.request_history_v1.reason           IS 'why, by the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.ticket           IS 'ticket';
COMMENT ON COLUMN rollgate_audit.request_history_v1.before           IS 'all of it before; NULL: it was asked';
COMMENT ON COLUMN rollgate_audit.request_history_v1.after            IS 'all of it after';
COMMENT ON COLUMN rollgate_audit.request_history_v1.hash             IS 'SHA-256 of this row and all before it';
