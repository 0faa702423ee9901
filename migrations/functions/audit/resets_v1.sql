CREATE OR REPLACE VIEW rollgate_audit.resets_v1 AS
SELECT h.id, h.at, h.account, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject, (h.after ->> 'subjects')::int AS subjects,
       (h.after ->> 'minuteUsed')::bigint AS minute_used, (h.after ->> 'hourUsed')::bigint AS hour_used, h.actor, h.role, h.address,
       h.request_id, h.reason, h.ticket, h.hash
FROM rollgate.history h
WHERE h.kind = 'reset';

COMMENT ON VIEW rollgate_audit.resets_v1 IS
  'Windows that staff emptied: whose, by whom and why, and the units that were forgiven. Past usage stays on record';
COMMENT ON COLUMN rollgate_audit.resets_v1.id          IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.resets_v1.at          IS 'when the windows were emptied';
COMMENT ON COLUMN rollgate_audit.resets_v1.account     IS 'the account';
COMMENT ON COLUMN rollgate_audit.resets_v1.api         IS
  'the API that was named; one of a group that is counted together stands for the group';
COMMENT ON COLUMN rollgate_audit.resets_v1.subject     IS 'key of the subject; NULL: every subject of the API';
COMMENT ON COLUMN rollgate_audit.resets_v1.subjects    IS 'number of subjects whose windows held units';
COMMENT ON COLUMN rollgate_audit.resets_v1.minute_used IS 'units that counted in the last 60 s and were forgiven, of all these subjects';
COMMENT ON COLUMN rollgate_audit.resets_v1.hour_used   IS 'units that counted in the last 3,600 s and were forgiven';
COMMENT ON COLUMN rollgate_audit.resets_v1.actor       IS 'who did it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.resets_v1.role        IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.resets_v1.address     IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.resets_v1.request_id  IS 'ID of the HTTP request';
COMMENT ON COLUMN rollgate_audit.resets_v1.reason      IS 'reason given';
COMMENT ON COLUMN rollgate_audit.resets_v1.ticket      IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.resets_v1.hash        IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
