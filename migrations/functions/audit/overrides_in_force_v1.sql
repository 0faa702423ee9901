CREATE OR REPLACE VIEW rollgate_audit.overrides_in_force_v1 AS
SELECT o.id, o.account, o.scope, o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.factor, o.mode, o.starts_at, o.expires_at,
       o.expires_at IS NULL AS permanent, o.reason, o.ticket, o.created_by, o.created_at, o.changed_at,
       o.request_id AS limit_request_id, o.version, d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(coalesce(o.factor, o.per_minute::numeric / nullif(d.per_minute, 0), 1 + o.extra_minute::numeric / nullif(d.per_minute, 0)), 2)
         AS times_per_minute,
       round(coalesce(o.factor, o.per_hour::numeric / nullif(d.per_hour, 0), 1 + o.extra_hour::numeric / nullif(d.per_hour, 0)), 2)
         AS times_per_hour,
       u.first_used_at, u.last_used_at, u.peak_minute, u.peak_hour, u.needed_at, o.extra_minute, o.extra_hour
FROM (SELECT clock_timestamp() AS now) clock
JOIN rollgate.override o ON rollgate.in_force(o.starts_at, o.expires_at, clock.now)
LEFT JOIN rollgate.override_use u ON u.override_id = o.id
LEFT JOIN rollgate.least_default d ON d.group_id IS NOT DISTINCT FROM o.group_id AND d.api IS NOT DISTINCT FROM o.api;

COMMENT ON VIEW rollgate_audit.overrides_in_force_v1 IS
  'Custom limits in force now, with the defaults and their usage. If several apply to a subject, the most specific one wins; among '
  'equally specific ones, the newest. Extra units are added to what the others yield';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.id                 IS 'id of the override';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.account            IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.scope              IS 'account, group, api or subject: what the override covers';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.subject            IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.factor             IS
  'multiple of each API''s default, rounded up to whole units; NULL: it sets limits, extra units, or only a mode';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.mode               IS
  'shadow: denials are recorded, not enforced; NULL: it does not set the mode';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.starts_at          IS 'in force from this time';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.expires_at         IS 'in force until just before this time; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.permanent          IS 'whether it has no end';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.reason             IS 'reason given for the latest change';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.ticket             IS 'ticket; NULL: none';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_by         IS 'who created it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_at         IS 'when it was created';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.changed_at         IS 'when it was last changed';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.limit_request_id   IS 'the limit request it was created for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.version            IS 'increases with each change';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_minute IS 'lowest default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_hour   IS 'lowest default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_minute   IS
  'per_minute, or the default and extra_minute together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_hour     IS
  'per_hour, or the default and extra_hour together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.first_used_at      IS 'when it first had an effect on a call; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.last_used_at       IS 'when it last had an effect on a call; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_minute        IS 'highest usage of a subject under it, in units in 60 s';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_hour          IS 'highest usage of a subject under it, in units in 3,600 s';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.needed_at          IS
  'last time a decision differed from what the defaults would have given; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.extra_minute       IS
  'extra units: added to the limit in any 60 s that applies without extra units; NULL: none';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.extra_hour         IS
  'extra units: added to the limit in any 3,600 s that applies without extra units; NULL: none';
