CREATE OR REPLACE VIEW rollgate_audit.limit_requests_v1 AS
SELECT r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.factor, r.until, r.reason, r.ticket, r.denial_id,
       r.denial, r.asked_by, r.asked_at, r.needs_admin, r.state, r.decided_by, r.decided_at,
       floor(extract(epoch FROM r.decided_at - r.asked_at))::bigint AS seconds_to_decision, r.answer, r.override_id,
       o.per_minute AS override_per_minute, o.per_hour AS override_per_hour, o.factor AS override_factor,
       o.expires_at AS override_expires_at, r.version
FROM rollgate.limit_request r
LEFT JOIN rollgate.override o ON o.id = r.override_id;

COMMENT ON VIEW rollgate_audit.limit_requests_v1 IS 'Requests for custom limits, with answers and time to answer';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.id                  IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.account             IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.group_id            IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.api                 IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.subject             IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_minute          IS 'requested units in any 60 s; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_hour            IS 'requested units in any 3,600 s; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.factor              IS 'requested multiple of each API''s default; NULL: none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.until               IS 'requested end; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.reason              IS 'reason given';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.ticket              IS 'ticket';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial_id           IS 'the denial it refers to: see rollgate_audit.explain_denial';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial              IS 'the denial as recorded in its signed link';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_by            IS
  'account:<account>, or staff:<login> for a request above the person''s approval limit';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_at            IS 'when it was filed';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.needs_admin         IS 'above the approval limit of the person who filed it';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.state               IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_by          IS 'who decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_at          IS 'when it was decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.seconds_to_decision IS 'seconds from filing to the decision; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.answer              IS 'answer to the account';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_id         IS 'the override created for it';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_minute IS 'units in any 60 s of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_hour   IS 'units in any 3,600 s of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_factor     IS 'factor of that override as it is now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_expires_at IS
  'end of that override as it is now; NULL: permanent, or there is none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.version             IS 'increases with each step';
