CREATE OR REPLACE VIEW rollgate_audit.usage_now_v1 AS
SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, u.minute_remaining, u.hour_used, u.hour_limit, u.hour_remaining,
       u.source, u.mode, u.last_granted_at
FROM rollgate_audit.usage_at(NULL) u;

COMMENT ON VIEW rollgate_audit.usage_now_v1 IS
  'Subjects that have units in a window now, with both windows and the effective limits. Reads every counter, whatever the '
  'condition: rollgate_audit.usage_of reads one account, rollgate_audit.near_limit those near a limit';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.account          IS 'the account';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.api              IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.subject          IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_used      IS 'units in the last 60 s';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_limit     IS 'units allowed in any 60 s; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.minute_remaining IS 'units still free in the minute window';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_used        IS 'units in the last 3,600 s';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_limit       IS 'units allowed in any 3,600 s; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.hour_remaining   IS 'units still free in the hour window';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.source IS
  'default, plan:<id>, or the id of the override that sets the limits';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.mode             IS 'enforced; shadow: denials are recorded, not enforced';
COMMENT ON COLUMN rollgate_audit.usage_now_v1.last_granted_at  IS 'time of the newest grant, in whole seconds';
