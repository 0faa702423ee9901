CREATE OR REPLACE VIEW rollgate_audit.catalogue_history_v1 AS
SELECT h.id, h.at, h.action, h.api, h.group_id, h.actor, h.role, h.address, h.request_id, h.per_minute_before, h.per_minute,
       h.per_hour_before, h.per_hour, h.shadow_before, h.shadow, h.version, h.reason, h.ticket, h.undoes, h.before, h.after, h.hash
FROM rollgate.catalogue_history h;

COMMENT ON VIEW rollgate_audit.catalogue_history_v1 IS
  'Every change of an API''s default limits, including those that applications registered';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.id                IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.at                IS 'when';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.action            IS
  'add, ship, retire, return: by an application; change, undo: by an admin';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.api               IS 'the API';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.group_id          IS 'its group';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.actor             IS 'who';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.role              IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.address           IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.request_id        IS 'HTTP request ID';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_minute_before IS 'default units in any 60 s before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_minute        IS 'default units in any 60 s after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_hour_before   IS 'default units in any 3,600 s before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.per_hour          IS 'default units in any 3,600 s after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.shadow_before     IS 'whether denials were only recorded, before';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.shadow            IS 'whether denials are only recorded, after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.version           IS 'version of the API''s defaults after the change';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.reason            IS 'reason given';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.ticket            IS 'ticket';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.undoes            IS 'id of the change that this one reverted';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.before            IS 'the whole entry before; NULL: it was added';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.after             IS 'the whole entry after';
COMMENT ON COLUMN rollgate_audit.catalogue_history_v1.hash              IS 'SHA-256 of this row and all before it';
