CREATE OR REPLACE VIEW rollgate_audit.plan_history_v1 AS
SELECT h.id, h.at, h.kind, h.action, CASE h.kind WHEN 'plan' THEN h.target ELSE h.after ->> 'plan' END AS plan,
       CASE WHEN h.kind = 'assignment' THEN h.target END AS assignment_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.before -> 'limits' AS limits_before, h.after -> 'limits' AS limits, (h.after ->> 'startsAt')::timestamptz AS starts_at,
       (h.before ->> 'endsAt')::timestamptz AS ends_at_before, (h.after ->> 'endsAt')::timestamptz AS ends_at,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.after -> 'lowered' AS lowered, h.before, h.after, h.hash,
       h.batch
FROM rollgate.history h
WHERE h.kind IN ('plan', 'assignment');

COMMENT ON VIEW rollgate_audit.plan_history_v1 IS
  'Every change of a plan and every assignment: who made it, when, from where and why, with the limits or the dates before and after';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.id             IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.at             IS 'when it was changed';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.kind           IS 'plan or assignment';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.action         IS
  'of a plan: create, change, retire, restore or undo; of an assignment: assign, end or undo';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.plan           IS 'id of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.assignment_id  IS 'id of the assignment; NULL: a change of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.account        IS 'the assigned account; NULL: a change of the plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.actor          IS 'who changed it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.role           IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.address        IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.request_id     IS 'ID of the HTTP request that made the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.limits_before  IS
  'limits of the plan before: [{group, api, perMinute, perHour, factor}]; NULL: an assignment, or there was no plan';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.limits         IS 'limits of the plan after; NULL: an assignment';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.starts_at      IS 'start of the assignment after the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ends_at_before IS 'end of the assignment before; NULL: no end, or it was new';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ends_at        IS 'end of the assignment after; NULL: no end';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.version        IS 'version after the change';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.reason         IS 'reason given';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.ticket         IS 'ticket';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.lowered        IS
  'limits lowered by the change, as confirmed by the actor: [{api, window, from, to, why, at, text}], of a plan with the number of '
  'assigned accounts; NULL: none';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.before         IS 'the whole plan or assignment before; NULL: it was created';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.after          IS 'the whole plan or assignment after';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.hash           IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
COMMENT ON COLUMN rollgate_audit.plan_history_v1.batch          IS
  'changes that were made together, in one transaction, e.g. bat_12; NULL: by itself';
