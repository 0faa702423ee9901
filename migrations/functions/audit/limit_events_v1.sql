CREATE OR REPLACE VIEW rollgate_audit.limit_events_v1 AS
SELECT e.id, e.kind, e.account, e.api, e.group_id, array_to_string(e.level, '+') AS level, e.subject, e.dimensions, e.window_name,
       CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END AS limit_units, e.per_minute, e.per_hour, e.used, e.cost,
       e.source, e.policy_version, e.mode, e.first_at, e.last_at, e.count, e.units, e.node, e.route, e.request_id, e.retry_at, e.merged, e.filled
FROM rollgate.limit_event e;

COMMENT ON VIEW rollgate_audit.limit_events_v1 IS 'Denied calls, also those let through in shadow mode, counted by second; and samples of grants. One partition a day (UTC): a condition on first_at keeps the others untouched';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.id             IS 'names the event; the id of its n-th denial is <id>.<n>, n in base 36 from 1: rollgate_audit.explain_denial takes both';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.kind           IS 'denied: calls that had no room; granted_sample: grants, of which a fraction is recorded';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.account        IS 'the tenant; * where all accounts were added up; _rollgate: the service''s own sign-in';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.api            IS 'API that was called, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.level          IS 'dimensions that make the subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.subject        IS 'key of the counted subject, e.g. acme/publish-bot/bot=b-17; * where all subjects were added up';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.window_name    IS 'the window that denied: minute (any 60 s) or hour (any 3,600 s); hour where both had no room; NULL: a grant';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.limit_units    IS 'limit in force of that window, in units; of a grant, of the minute';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.used           IS 'units in that window as the first call was told; of a grant, in the minute, with it';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.cost           IS 'units each call asked for; of merged events, the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.source         IS 'default, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.policy_version IS 'version of the policy on the node that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.mode           IS 'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.first_at       IS 'first call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.last_at        IS 'last call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.count          IS 'calls: sum it to count denials';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.units          IS 'units all the calls asked for';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.node           IS 'host and process that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.route          IS 'route of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.request_id     IS 'request of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.retry_at       IS 'when the first call fits if nobody else spends; NULL: no wait helps';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.merged         IS 'second: calls of one second; minute: of one minute, because no wait helps them or the node had too many events and added them up; longer: added up further';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.filled         IS 'what filled the window: [[Unix second, units], …], of the hour by minutes; once a subject, window and minute';
