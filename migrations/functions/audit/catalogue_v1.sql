CREATE OR REPLACE VIEW rollgate_audit.catalogue_v1 AS
SELECT c.api, c.title, c.group_id, c.group_title, array_to_string(c.level, '+') AS level, c.scope,
       rollgate.default_limit(c.per_minute, c.shipped_per_minute) AS per_minute,
       rollgate.default_limit(c.per_hour, c.shipped_per_hour) AS per_hour, c.shipped_per_minute, c.shipped_per_hour,
       c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL AS edited, c.shadow, c.version, c.changed_at, c.changed_by, c.message,
       c.retired_at, ARRAY(SELECT o.application FROM rollgate.catalogue_owner o WHERE o.api = c.api ORDER BY o.application) AS owners
FROM rollgate.catalogue c;

COMMENT ON VIEW rollgate_audit.catalogue_v1 IS 'The APIs that applications have registered, with their default limits in force now';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.api                IS 'the API, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.title              IS 'display name of the API';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_id           IS 'its group, e.g. bot-definition';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_title        IS 'display name of the group';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.level              IS 'dimensions that form the counted subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.scope              IS 'api: counted separately; group: counted together with its group';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_minute         IS 'default units in any 60 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_hour           IS 'default units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_minute IS 'the same as registered by the applications';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_hour   IS 'the same as registered by the applications';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.edited             IS 'whether an admin has set a default limit';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shadow             IS 'denials are recorded, not enforced';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_at         IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_by         IS 'who last changed it';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.message            IS 'message of denied calls';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.retired_at         IS 'since when no application registers it; NULL: it is in use';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.owners             IS
  'applications that register it; file:<name>: a file; (before 0.2.0): not registered since the upgrade from 0.1.0';
