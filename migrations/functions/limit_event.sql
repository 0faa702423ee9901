CREATE OR REPLACE VIEW rollgate.limit_event AS
SELECT r.id, k.kind, r.account, k.api, k.group_id, k.level, r.subject, r.lane,
       rollgate.dimensions_of(r.account, k.level, r.subject) AS dimensions, k.window_name, r.per_minute, r.per_hour, r.used, r.cost,
       coalesce(r.source, 'default') AS source, r.policy_version::bigint AS policy_version, k.mode, r.first_at, r.last_at, r.count,
       coalesce(r.units, r.count::bigint * r.cost) AS units, i.name AS instance, coalesce(r.route, k.route) AS route, r.request_id,
       r.retry_at, k.merged, rollgate.filled_pairs(r.filled) AS filled
FROM rollgate.limit_event_row r
LEFT JOIN rollgate.event_class k ON k.id = r.class
LEFT JOIN rollgate.event_instance i ON i.id = r.instance;

COMMENT ON VIEW rollgate.limit_event IS
  'Denials, counted by instance, subject, API, window, source, mode, cost and second; and samples of grants. One partition per day '
  '(UTC)';
COMMENT ON COLUMN rollgate.limit_event.id             IS 'event id; the id of its n-th decision is <id>.<n>, n in base 36 from 1';
COMMENT ON COLUMN rollgate.limit_event.kind           IS
  'denied: calls with too few free units, including those let through in shadow mode; granted_sample: grants, of which a fraction is '
  'recorded';
COMMENT ON COLUMN rollgate.limit_event.account        IS 'the account; * where all accounts are combined';
COMMENT ON COLUMN rollgate.limit_event.api            IS 'the called API, e.g. publish-bot';
COMMENT ON COLUMN rollgate.limit_event.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate.limit_event.level          IS 'dimensions that form the subject, in order';
COMMENT ON COLUMN rollgate.limit_event.subject        IS
  'key of the counted subject, as in rollgate.counter; * where all subjects are combined';
COMMENT ON COLUMN rollgate.limit_event.lane           IS 'lane of the account; NULL: not reported';
COMMENT ON COLUMN rollgate.limit_event.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate.limit_event.window_name    IS 'the window that denied; hour where both did; NULL: a grant';
COMMENT ON COLUMN rollgate.limit_event.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate.limit_event.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate.limit_event.used           IS
  'units in that window as reported to the first call; for a grant, units in the minute, including the call';
COMMENT ON COLUMN rollgate.limit_event.cost           IS 'units per call; for merged events, of the first call';
COMMENT ON COLUMN rollgate.limit_event.source         IS 'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate.limit_event.policy_version IS 'version of overrides and catalogue on the instance';
COMMENT ON COLUMN rollgate.limit_event.mode           IS
  'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN rollgate.limit_event.first_at       IS 'time of the first call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.last_at        IS 'time of the last call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.count          IS 'number of calls';
COMMENT ON COLUMN rollgate.limit_event.units          IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate.limit_event.instance       IS 'host and process that decided';
COMMENT ON COLUMN rollgate.limit_event.route          IS 'route of the first call, e.g. POST /bots/:botId/publish';
COMMENT ON COLUMN rollgate.limit_event.request_id     IS 'HTTP request ID of the first call';
COMMENT ON COLUMN rollgate.limit_event.retry_at       IS
  'when the first call would be allowed if nothing else is spent; NULL: retrying does not help';
COMMENT ON COLUMN rollgate.limit_event.merged         IS
  'second: calls within one second, with one source and cost; minute: calls within one minute, merged because retrying does not help '
  'or because the instance had too many events; longer: calls at any time from first_at to last_at';
COMMENT ON COLUMN rollgate.limit_event.filled         IS
  'what filled that window: [[Unix second, units], …], for the hour by minutes. Recorded once per subject, window and minute; other '
  'events of that minute have NULL';
