CREATE OR REPLACE VIEW rollgate_audit.plans_v1 AS
SELECT p.id AS plan, p.title, p.description, p.retired_at,
       CASE WHEN l.plan IS NULL THEN NULL WHEN l.api IS NOT NULL THEN 'api'
         WHEN l.group_id IS NOT NULL THEN 'group' ELSE 'all' END AS scope,
       l.group_id, l.api, l.per_minute, l.per_hour, l.factor, d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       (SELECT count(*) FROM rollgate.plan_assignment a
         WHERE a.plan = p.id AND rollgate.in_force(a.starts_at, a.ends_at, clock.now)) AS accounts,
       p.version, p.created_by, p.created_at, p.changed_by, p.changed_at
FROM (SELECT clock_timestamp() AS now) clock
CROSS JOIN rollgate.plan p
LEFT JOIN rollgate.plan_limit l ON l.plan = p.id
LEFT JOIN rollgate.least_default d ON d.group_id IS NOT DISTINCT FROM l.group_id AND d.api IS NOT DISTINCT FROM l.api
  AND l.plan IS NOT NULL;

COMMENT ON VIEW rollgate_audit.plans_v1 IS
  'Plans with their limits, one row per limit; a plan without limits has one row. The most specific limit of a plan applies: of the API, '
  'of its group, of all';
COMMENT ON COLUMN rollgate_audit.plans_v1.plan               IS 'id of the plan; limits it sets have the source plan:<id>';
COMMENT ON COLUMN rollgate_audit.plans_v1.title              IS 'title';
COMMENT ON COLUMN rollgate_audit.plans_v1.description        IS 'description';
COMMENT ON COLUMN rollgate_audit.plans_v1.retired_at         IS
  'since when it can''t be assigned; accounts that have it keep it; NULL: it can be assigned';
COMMENT ON COLUMN rollgate_audit.plans_v1.scope              IS 'api, group or all: what the limit covers; NULL: the plan has no limits';
COMMENT ON COLUMN rollgate_audit.plans_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.plans_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.plans_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.plans_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.plans_v1.factor             IS
  'multiple of each API''s default, rounded up to whole units; NULL: it sets limits';
COMMENT ON COLUMN rollgate_audit.plans_v1.default_per_minute IS 'lowest default of the APIs that the limit covers';
COMMENT ON COLUMN rollgate_audit.plans_v1.default_per_hour   IS 'lowest default of the APIs that the limit covers';
COMMENT ON COLUMN rollgate_audit.plans_v1.accounts           IS 'number of accounts that are assigned to the plan now';
COMMENT ON COLUMN rollgate_audit.plans_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.plans_v1.created_by         IS 'who created it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.plans_v1.created_at         IS 'when it was created';
COMMENT ON COLUMN rollgate_audit.plans_v1.changed_by         IS 'who changed it last';
COMMENT ON COLUMN rollgate_audit.plans_v1.changed_at         IS 'when it was changed last';
