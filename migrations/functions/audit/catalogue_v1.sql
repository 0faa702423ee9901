CREATE OR REPLACE VIEW rollgate_audit.catalogue_v1 AS
SELECT c.api, c.title, c.group_id, c.group_title, array_to_string(c.level, '+') AS level, c.scope,
       coalesce(c.per_minute, c.shipped_per_minute) AS per_minute, coalesce(c.per_hour, c.shipped_per_hour) AS per_hour,
       c.shipped_per_minute, c.shipped_per_hour, c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL AS edited, c.shadow, c.version, c.changed_at,
       c.changed_by
FROM rollgate.catalogue c;

COMMENT ON VIEW rollgate_audit.catalogue_v1 IS 'The APIs and their default limits in force now';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.api                IS 'the API, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.title              IS 'its name for people';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_id           IS 'its group, e.g. bot-definition';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.group_title        IS 'the group''s name for people';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.level              IS 'dimensions that make the counted subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.scope              IS 'api: counted by itself; group: counted together with its group';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_minute         IS 'default units in any 60 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.per_hour           IS 'default units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_minute IS 'as the program ships it';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shipped_per_hour   IS 'as the program ships it';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.edited             IS 'an admin has set a default of its own';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.shadow             IS 'denials are recorded, not enforced';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.version            IS 'goes up with each change';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_at         IS 'when it was changed last';
COMMENT ON COLUMN rollgate_audit.catalogue_v1.changed_by         IS 'who changed it last';
