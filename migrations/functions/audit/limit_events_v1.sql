CREATE OR REPLACE VIEW rollgate_audit.limit_events_v1 AS
SELECT e.id, e.kind, e.account, e.api, e.group_id, array_to_string(e.level, '+') AS level, e.subject, e.dimensions, e.window_name,
       rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS limit_units, e.per_minute, e.per_hour, e.used, e.cost,
       e.source, e.policy_version, e.mode, e.first_at, e.last_at, e.count, e.units, e.instance, e.route, e.request_id, e.retry_at,
       e.merged, e.filled
FROM rollgate.limit_event e;

COMMENT ON VIEW rollgate_audit.limit_events_v1 IS
  'Denied calls, including those let through in shadow mode, counted by second; and samples of grants. One partition per day (UTC): '
  'a condition on first_at limits which are read';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.id             IS
  'event id; the id of its n-th denial is <id>.<n>, n in base 36 from 1. rollgate_audit.explain_denial accepts both';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.kind           IS
  'denied: calls with too few free units; granted_sample: grants, of which a fraction is recorded';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.account        IS
  'the account; * where all accounts are combined; _rollgate: the service''s own sign-in';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.api            IS 'the called API, e.g. publish-bot';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.level          IS 'dimensions that form the subject, e.g. bot, account+table';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.subject        IS
  'key of the counted subject, e.g. acme/publish-bot/bot=b-17; * where all subjects are combined';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.window_name    IS
  'the window that denied: minute (any 60 s) or hour (any 3,600 s); hour where both did; NULL: a grant';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.limit_units    IS 'limit in force of that window, in units; for a grant, of the minute';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.used           IS
  'units in that window as reported to the first call; for a grant, units in the minute, including the call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.cost           IS 'units per call; for merged events, of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.source IS
  'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.policy_version IS 'version of overrides and catalogue on the instance that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.mode           IS
  'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.first_at       IS 'time of the first call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.last_at        IS 'time of the last call, by the database''s clock';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.count          IS 'number of calls: sum it to count denials';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.units          IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.instance       IS 'host and process that decided';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.route          IS 'route of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.request_id     IS 'HTTP request ID of the first call';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.retry_at       IS
  'when the first call would be allowed if nothing else is spent; NULL: retrying does not help';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.merged         IS
  'second: calls within one second; minute: calls within one minute, merged because retrying does not help or because the instance '
  'had too many events; longer: calls of a longer time';
COMMENT ON COLUMN rollgate_audit.limit_events_v1.filled         IS
  'what filled the window: [[Unix second, units], …], for the hour by minutes; recorded once per subject, window and minute';
