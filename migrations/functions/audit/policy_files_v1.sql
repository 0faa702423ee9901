CREATE OR REPLACE VIEW rollgate_audit.policy_files_v1 AS
SELECT h.id, h.at, h.target AS sha256, h.actor, h.role, h.address, h.request_id, h.after -> 'changes' AS changes, h.reason, h.ticket, h.hash
FROM rollgate.history h
WHERE h.kind = 'policy';

COMMENT ON VIEW rollgate_audit.policy_files_v1 IS
  'Every policy file that was applied and changed something: which file, by whom, when and why. Its changes are in the views of overrides, '
  'plans and the catalogue, with the same request_id';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.id         IS 'position in the history''s hash chain, after the changes';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.at         IS 'when it was applied';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.sha256     IS 'SHA-256 of the file, in hex';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.actor      IS 'who applied it: cli:<user>';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.role       IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.address    IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.request_id IS 'file:<sha256>, as in the rows of the changes';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.changes    IS
  'number of changes by section and action, e.g. {"overrides": {"add": 2}}';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.reason     IS 'reason given';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.ticket     IS 'ticket';
COMMENT ON COLUMN rollgate_audit.policy_files_v1.hash       IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
