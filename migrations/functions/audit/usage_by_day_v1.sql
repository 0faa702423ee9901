CREATE OR REPLACE VIEW rollgate_audit.usage_by_day_v1 AS
SELECT d.day, s.account, s.api, CASE WHEN s.api LIKE '@%' THEN substr(s.api, 2) ELSE c.group_id END AS group_id,
       coalesce(p.plan, '') AS plan, d.admitted, d.denied, d.shadow, d.outage, d.peak_minute, d.peak_hour, d.minutes_denied
FROM rollgate.usage_day d
JOIN rollgate.usage_series s ON s.id = d.series
LEFT JOIN rollgate.catalogue c ON c.api = s.api
LEFT JOIN LATERAL (
  SELECT a.plan FROM rollgate.plan_assignment a
  WHERE a.account = s.account AND rollgate.in_force(a.starts_at, a.ends_at, d.day::timestamp AT TIME ZONE 'UTC')
  ORDER BY a.starts_at DESC LIMIT 1
) p ON true
WHERE d.day < (SELECT r.days_to FROM rollgate.roll_up r);

COMMENT ON VIEW rollgate_audit.usage_by_day_v1 IS
  'Usage by day (UTC), account, API and plan, in units: of days that are complete; kept for ever';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.day            IS 'the day';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.account        IS 'the account; * where events combine all accounts';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.api            IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.group_id       IS 'group of the API; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.plan           IS
  'plan assigned to the account at the start of the day; empty: none. A plan that only its calls bring is not on record';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.admitted       IS 'units granted and not refunded';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.denied         IS 'units of calls that were denied';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.shadow         IS 'units of calls above the limit that were let through in shadow mode';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.outage         IS
  'units of calls above the limit that were decided while the database was away, denied or let through';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.peak_minute    IS
  'highest usage of the 60 s window of one subject, as in usage_by_hour_v1';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.peak_hour      IS
  'highest usage of the 3,600 s window of one subject, as in usage_by_hour_v1';
COMMENT ON COLUMN rollgate_audit.usage_by_day_v1.minutes_denied IS 'minutes with a denied call';
