CREATE OR REPLACE VIEW rollgate_audit.override_history_v1 AS
SELECT h.id, h.at, h.action, h.override_id, h.account, h.actor, h.role, h.address, h.request_id, h.scope, h.group_id, h.api, h.subject,
       h.per_minute_before, h.per_minute, h.per_hour_before, h.per_hour, h.factor_before, h.factor, h.mode_before, h.mode, h.starts_at,
       h.expires_at_before, h.expires_at, h.version, h.reason, h.ticket, h.limit_request_id, h.undoes,
       d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(coalesce(h.factor, h.per_minute::numeric / nullif(d.per_minute, 0), 1 + h.extra_minute::numeric / nullif(d.per_minute, 0)), 2)
         AS times_per_minute,
       round(coalesce(h.factor, h.per_hour::numeric / nullif(d.per_hour, 0), 1 + h.extra_hour::numeric / nullif(d.per_hour, 0)), 2)
         AS times_per_hour,
       h.lowered, h.before, h.after, h.hash, h.extra_minute_before, h.extra_minute, h.extra_hour_before, h.extra_hour,
       h.batch
FROM rollgate.override_history h
-- Like rollgate.least_default, at that time.
CROSS JOIN LATERAL (
  SELECT min(c.per_minute) AS per_minute, min(c.per_hour) AS per_hour
  FROM (
    SELECT DISTINCT ON (x.api) x.api, x.group_id, x.per_minute, x.per_hour FROM rollgate.catalogue_history x
    WHERE (h.api IS NULL OR x.api = h.api) AND x.id < h.id
    ORDER BY x.api, x.id DESC
  ) c
  WHERE rollgate.scope_covers(h.group_id, h.api, c.group_id, c.api)
) d;

COMMENT ON VIEW rollgate_audit.override_history_v1 IS
  'Every change of an override: who changed it, when, from where and why, with the limits before and after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.id                 IS 'position in the history''s hash chain';
COMMENT ON COLUMN rollgate_audit.override_history_v1.at                 IS 'when it was changed';
COMMENT ON COLUMN rollgate_audit.override_history_v1.action             IS 'create, change, expire, restore or undo';
COMMENT ON COLUMN rollgate_audit.override_history_v1.override_id        IS 'id of the override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.account            IS 'the account it is for';
COMMENT ON COLUMN rollgate_audit.override_history_v1.actor              IS 'who changed it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN rollgate_audit.override_history_v1.role               IS 'role of the actor at the time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.address            IS 'network address of the actor';
COMMENT ON COLUMN rollgate_audit.override_history_v1.request_id         IS 'ID of the HTTP request that made the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.scope              IS 'account, group, api or subject';
COMMENT ON COLUMN rollgate_audit.override_history_v1.group_id           IS 'the group; NULL: it is not for one group';
COMMENT ON COLUMN rollgate_audit.override_history_v1.api                IS 'the API; NULL: it is not for one API';
COMMENT ON COLUMN rollgate_audit.override_history_v1.subject            IS 'the subject''s key; NULL: it is not for one subject';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_minute_before  IS
  'units in any 60 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_minute         IS 'units in any 60 s after; NULL: the default';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_hour_before    IS
  'units in any 3,600 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.per_hour           IS 'units in any 3,600 s after; NULL: the default';
COMMENT ON COLUMN rollgate_audit.override_history_v1.factor_before      IS
  'multiple of each API''s default before; NULL: it set limits, or only a mode';
COMMENT ON COLUMN rollgate_audit.override_history_v1.factor             IS
  'multiple of each API''s default after; NULL: it sets limits, or only a mode';
COMMENT ON COLUMN rollgate_audit.override_history_v1.mode_before        IS 'mode before';
COMMENT ON COLUMN rollgate_audit.override_history_v1.mode               IS 'mode after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.starts_at          IS 'start after the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.expires_at_before  IS 'end before; NULL: permanent, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.expires_at         IS 'end after the change; NULL: permanent';
COMMENT ON COLUMN rollgate_audit.override_history_v1.version            IS 'version after the change';
COMMENT ON COLUMN rollgate_audit.override_history_v1.reason             IS 'reason given';
COMMENT ON COLUMN rollgate_audit.override_history_v1.ticket             IS 'ticket';
COMMENT ON COLUMN rollgate_audit.override_history_v1.limit_request_id   IS 'the limit request it was created for';
COMMENT ON COLUMN rollgate_audit.override_history_v1.undoes             IS 'id of the change that this one reverted';
COMMENT ON COLUMN rollgate_audit.override_history_v1.default_per_minute IS 'lowest default of the APIs in its scope at that time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.default_per_hour   IS 'lowest default of the APIs in its scope at that time';
COMMENT ON COLUMN rollgate_audit.override_history_v1.times_per_minute   IS
  'per_minute, or the default and extra_minute together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.override_history_v1.times_per_hour     IS
  'per_hour, or the default and extra_hour together, as a multiple of that default, with two decimals';
COMMENT ON COLUMN rollgate_audit.override_history_v1.lowered            IS
  'limits lowered by the change, as confirmed by the actor: [{api, window, from, to, why, at, text}]; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.before             IS 'the whole override before; NULL: it was created';
COMMENT ON COLUMN rollgate_audit.override_history_v1.after              IS 'the whole override after';
COMMENT ON COLUMN rollgate_audit.override_history_v1.hash               IS
  'SHA-256 of this row and all before it; check it with rollgate_audit.verify_history()';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_minute_before IS
  'extra units in any 60 s before; NULL: none, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_minute       IS 'extra units in any 60 s after; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_hour_before   IS
  'extra units in any 3,600 s before; NULL: none, or there was no override';
COMMENT ON COLUMN rollgate_audit.override_history_v1.extra_hour         IS 'extra units in any 3,600 s after; NULL: none';
COMMENT ON COLUMN rollgate_audit.override_history_v1.batch              IS
  'changes that were made together, in one transaction, e.g. bat_12; NULL: by itself';
