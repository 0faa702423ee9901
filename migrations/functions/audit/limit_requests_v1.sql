CREATE OR REPLACE VIEW rollgate_audit.limit_requests_v1 AS
SELECT r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.factor, r.until, r.reason, r.ticket, r.denial_id, r.denial, r.asked_by,
       r.asked_at, r.needs_admin, r.state, r.decided_by, r.decided_at,
       floor(extract(epoch FROM r.decided_at - r.asked_at))::bigint AS seconds_to_decision, r.answer, r.override_id,
       o.per_minute AS override_per_minute, o.per_hour AS override_per_hour, o.factor AS override_factor, o.expires_at AS override_expires_at, r.version
FROM rollgate.limit_request r
LEFT JOIN rollgate.override o ON o.id = r.override_id;

COMMENT ON VIEW rollgate_audit.limit_requests_v1 IS 'Requests for custom limits, with their answers and how long those took';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.id                  IS 'id of the limit request';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.account             IS 'the tenant it is for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.group_id            IS 'the group, where it is for one';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.api                 IS 'the API, where it is for one';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.subject             IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_minute          IS 'units in any 60 s that were asked for; NULL: not asked for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.per_hour            IS 'units in any 3,600 s that were asked for; NULL: not asked for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.factor              IS 'times each API''s own default that were asked for; NULL: not asked for';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.until               IS 'wanted until; NULL: for good';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.reason              IS 'why it is wanted';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.ticket              IS 'ticket';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial_id           IS 'the denial it was asked for: see rollgate_audit.explain_denial';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.denial              IS 'what the denial''s link told';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_by            IS 'account:<account>, or staff:<login> above its ceiling';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.asked_at            IS 'when it was asked';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.needs_admin         IS 'asked for above the ceiling of whoever asked';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.state               IS 'open, approved or declined';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_by          IS 'who decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.decided_at          IS 'when it was decided; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.seconds_to_decision IS 'from asking to the decision, in seconds; NULL: it is open';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.answer              IS 'what the account was told';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_id         IS 'the override that was made of it';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_minute IS 'units in any 60 s of that override as it stands now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_per_hour   IS 'units in any 3,600 s of that override as it stands now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_factor     IS 'factor of that override as it stands now';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.override_expires_at IS 'end of that override as it stands now; NULL: permanent, or there is none';
COMMENT ON COLUMN rollgate_audit.limit_requests_v1.version             IS 'goes up with each step';
