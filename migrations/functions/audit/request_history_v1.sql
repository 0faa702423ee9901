CREATE OR REPLACE VIEW rollgate_audit.request_history_v1 AS
SELECT h.id, h.at, h.action, h.limit_request_id, h.account, h.actor, h.role, h.address, h.request_id, h.group_id, h.api, h.subject,
       h.per_minute, h.per_hour, h.factor, h.until, h.state_before, h.state, h.answer, h.override_id, h.reason, h.ticket, h.before,
       h.after, h.hash
FROM rollgate.request_history h;

COMMENT ON VIEW rollgate_audit.request_history_v1 IS 'Every step of a limit request: filed, approved, declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.id               IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.request_history_v1.at               IS 'when';
COMMENT ON COLUMN rollgate_audit.request_history_v1.action           IS 'ask, approve or decline';
COMMENT ON COLUMN rollgate_audit.request_history_v1.limit_request_id IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.request_history_v1.account          IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.request_history_v1.actor            IS 'who: account:<account> or staff:<login>';
COMMENT ON COLUMN rollgate_audit.request_history_v1.role             IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.request_history_v1.address          IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.request_id       IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.request_history_v1.group_id         IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.request_history_v1.api              IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.request_history_v1.subject          IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_minute       IS 'requested units in any 60 s';
COMMENT ON COLUMN rollgate_audit.request_history_v1.per_hour         IS 'requested units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.request_history_v1.factor           IS 'requested multiple of each API''s default';
COMMENT ON COLUMN rollgate_audit.request_history_v1.until            IS 'requested end; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state_before     IS 'state before; NULL: it was filed';
COMMENT ON COLUMN rollgate_audit.request_history_v1.state            IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.request_history_v1.answer           IS 'answer to the account';
COMMENT ON COLUMN rollgate_audit.request_history_v1.override_id      IS 'the override created for it';
COMMENT ON COLUMN rollgate_audit.request_history_v1.reason           IS 'reason given by the actor';
COMMENT ON COLUMN rollgate_audit.request_history_v1.ticket           IS 'ticket';
COMMENT ON COLUMN rollgate_audit.request_history_v1.before           IS 'the whole limit request before; NULL: it was filed';
COMMENT ON COLUMN rollgate_audit.request_history_v1.after            IS 'the whole limit request after';
COMMENT ON COLUMN rollgate_audit.request_history_v1.hash             IS 'SHA-256 of this row and all before it';
