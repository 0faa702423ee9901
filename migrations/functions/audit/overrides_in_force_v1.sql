CREATE OR REPLACE VIEW rollgate_audit.overrides_in_force_v1 AS
SELECT o.id, o.account, o.scope, o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.factor, o.mode, o.starts_at, o.expires_at,
       o.expires_at IS NULL AS permanent, o.reason, o.ticket, o.created_by, o.created_at, o.changed_at, o.request_id AS limit_request_id, o.version,
       d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(coalesce(o.factor, o.per_minute::numeric / nullif(d.per_minute, 0)), 2) AS times_per_minute,
       round(coalesce(o.factor, o.per_hour::numeric / nullif(d.per_hour, 0)), 2) AS times_per_hour,
       u.first_used_at, u.last_used_at, u.peak_minute, u.peak_hour, u.needed_at
FROM rollgate.override o
LEFT JOIN rollgate.override_use u ON u.override_id = o.id
LEFT JOIN LATERAL (
  SELECT min(l.per_minute) AS per_minute, min(l.per_hour) AS per_hour
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) l
  WHERE (o.api IS NULL OR c.api = o.api) AND (o.group_id IS NULL OR c.group_id = o.group_id)
) d ON true
WHERE o.starts_at <= clock_timestamp() AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp());

COMMENT ON VIEW rollgate_audit.overrides_in_force_v1 IS 'Custom limits that hold now, with their defaults and what they were used for. Where several fit a subject, the most specific one wins, among equals the newest';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.id                 IS 'id of the override';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.account            IS 'the tenant it is for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.scope              IS 'account, group, api or subject: what of the account it is for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.group_id           IS 'the group, where it is for one';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.api                IS 'the API, where it is for one';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.subject            IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.factor             IS 'times each API''s own default, rounded up to whole units; NULL: it sets limits, or none';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.mode               IS 'shadow: denials are recorded, not enforced; NULL: says nothing about that';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.starts_at          IS 'holds from then';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.expires_at         IS 'holds until just before; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.permanent          IS 'has no end';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.reason             IS 'why, as whoever changed it last wrote';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.ticket             IS 'ticket; NULL: none was given';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_by         IS 'who made it, e.g. staff:ann@example.com';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.created_at         IS 'when it was made';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.changed_at         IS 'when it was changed last';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.limit_request_id   IS 'the limit request it was made for';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.version            IS 'goes up with each change';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_minute IS 'least default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.default_per_hour   IS 'least default of the APIs in its scope';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_minute   IS 'how many times that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.times_per_hour     IS 'how many times that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.first_used_at      IS 'it first had an effect on a call; NULL: never';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.last_used_at       IS 'it last had an effect on a call';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_minute        IS 'most units in 60 s that a subject came to under it';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.peak_hour          IS 'most units in 3,600 s that a subject came to under it';
COMMENT ON COLUMN rollgate_audit.overrides_in_force_v1.needed_at          IS 'last time a call got another answer by it than the defaults would have given; NULL: it was never needed';
