CREATE OR REPLACE VIEW rollgate_audit.quarantines_v1 AS
SELECT q.id, q.since, q.until, q.reason, q.noticed_by FROM rollgate.quarantine q;

COMMENT ON VIEW rollgate_audit.quarantines_v1 IS
  'Times in which every instance granted half limits, because usage counts might be incomplete';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.id         IS 'number, in order of start';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.since      IS 'when it began';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.until      IS 'when it ended, or will end';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.reason     IS
  'cause: the database''s clock jumped ahead, or the database moved to another server';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.noticed_by IS 'instance that detected it';
