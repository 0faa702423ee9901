CREATE OR REPLACE VIEW rollgate_audit.access_log_v1 AS
SELECT l.id, l.first_at, l.last_at, l.times, l.actor, l.role AS actor_role, l.address, l.request_id, l.action, l.account, l.routes,
       l.filters, l.row_count, l.result
FROM rollgate.access_log l;

COMMENT ON VIEW rollgate_audit.access_log_v1 IS
  'Which person or token viewed which account, and exported which list, through the service or its command line. Kept for 400 days by '
  'default. Reading with SQL is not recorded here';
COMMENT ON COLUMN rollgate_audit.access_log_v1.id         IS 'order in which the rows were recorded';
COMMENT ON COLUMN rollgate_audit.access_log_v1.first_at   IS 'when, or the first time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.last_at    IS 'the last time; of an export, its end';
COMMENT ON COLUMN rollgate_audit.access_log_v1.times      IS
  'how many requests: views of one account by one actor from one address are one row for each five minutes; 1 for an export';
COMMENT ON COLUMN rollgate_audit.access_log_v1.actor      IS 'who, e.g. staff:ann@example.com, token:ci, cli:root';
COMMENT ON COLUMN rollgate_audit.access_log_v1.actor_role IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.address    IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.access_log_v1.request_id IS 'HTTP request ID of the first time';
COMMENT ON COLUMN rollgate_audit.access_log_v1.action     IS
  'view_account: a screen or an answer about one account; list: a list filtered by an account; export: a list as a file';
COMMENT ON COLUMN rollgate_audit.access_log_v1.account    IS 'the account; NULL: an export of several accounts';
COMMENT ON COLUMN rollgate_audit.access_log_v1.routes     IS 'what was read: the operations of the API, or the command';
COMMENT ON COLUMN rollgate_audit.access_log_v1.filters    IS 'filters of the list';
COMMENT ON COLUMN rollgate_audit.access_log_v1.row_count  IS
  'rows written to the file; of a cut export, at least as many as the client received; NULL: not an export, or its end was not recorded';
COMMENT ON COLUMN rollgate_audit.access_log_v1.result     IS
  'complete; cut: the client or the service ended it early; NULL: not an export, or its end was not recorded';
