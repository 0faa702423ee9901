CREATE OR REPLACE VIEW rollgate_audit.quarantines_v1 AS
SELECT q.id, q.since, q.until, q.reason, q.noticed_by FROM rollgate.quarantine q;

COMMENT ON VIEW rollgate_audit.quarantines_v1 IS 'Times in which every instance granted half limits, because counts could not be trusted whole';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.id         IS 'in the order in which they began';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.since      IS 'when it began';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.until      IS 'when it ended, or will end';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.reason     IS 'what had happened: the clock of the database jumped ahead, or another server took its place';
COMMENT ON COLUMN rollgate_audit.quarantines_v1.noticed_by IS 'instance that noticed it';
