CREATE OR REPLACE VIEW rollgate_audit.plan_assignments_v1 AS
SELECT a.id, a.account, a.plan, rollgate.in_force(a.starts_at, a.ends_at, clock.now) AS in_force, a.starts_at, a.ends_at,
  a.reason, a.ticket,
       a.created_by, a.created_at, a.changed_at, a.version
FROM (SELECT clock_timestamp() AS now) clock
CROSS JOIN rollgate.plan_assignment a;

COMMENT ON VIEW rollgate_audit.plan_assignments_v1 IS
  'Which account has, had or will have which plan, by assignment. At most one is in force for an account at a time. Plans that calls bring '
  'are not here: the source of a limit event names them';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.id         IS 'id of the assignment';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.account    IS 'the account';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.plan       IS 'id of the plan';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.in_force   IS 'whether the account has the plan now by this assignment';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.starts_at  IS 'in force from this time';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.ends_at    IS 'in force until just before this time; NULL: no end';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.reason     IS 'reason given for the latest change';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.ticket     IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.created_by IS 'who assigned it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.created_at IS 'when it was assigned';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.changed_at IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.plan_assignments_v1.version    IS 'increases with each change';
