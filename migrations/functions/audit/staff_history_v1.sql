CREATE OR REPLACE VIEW rollgate_audit.staff_history_v1 AS
SELECT h.id, h.at, h.kind, h.action, h.target,
       coalesce(h.after, h.before) ->> CASE h.kind WHEN 'staff' THEN 'login' ELSE 'name' END AS name,
       h.actor, h.role AS actor_role, h.address, h.request_id, h.before ->> 'role' AS role_before, h.after ->> 'role' AS role,
       h.reason, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind IN ('staff', 'token');

COMMENT ON VIEW rollgate_audit.staff_history_v1 IS 'Every change of permissions in the service: people and tokens';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.id          IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.at          IS 'when';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.kind        IS 'staff: a person; token: a program';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.action      IS 'e.g. add, role, disable, enable, password, create, revoke';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.target      IS 'id of the person or token';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.name        IS 'login of the person, name of the token';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.actor       IS 'who changed it';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.actor_role  IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.address     IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.request_id  IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.role_before IS 'role of the person or token before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.role        IS 'role of the person or token after';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.reason      IS 'reason given; NULL: none';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.before      IS 'the whole entry before, without secrets';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.after       IS 'the whole entry after, without secrets';
COMMENT ON COLUMN rollgate_audit.staff_history_v1.hash        IS 'SHA-256 of this row and all before it';
