-- Each hour is aggregated separately, so that a condition on `hour` reaches the partitions and one on the account uses the index.
CREATE OR REPLACE VIEW rollgate_audit.denials_by_hour_v1 AS
SELECT h.hour, e.account, e.api, e.group_id, e.window_name, e.mode, e.source, e.denials, e.units, e.events
FROM (
  SELECT generate_series(date_trunc('hour', b.oldest, 'UTC'), b.newest, interval '1 hour') AS hour
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event o) b
) h
CROSS JOIN LATERAL (
  SELECT x.account, x.api, x.group_id, x.window_name, x.mode, x.source, sum(x.count)::bigint AS denials, sum(x.units)::bigint AS units,
         count(*) AS events
  FROM rollgate.limit_event x
  WHERE x.first_at >= h.hour AND x.first_at < h.hour + interval '1 hour' AND x.kind = 'denied'
  GROUP BY x.account, x.api, x.group_id, x.window_name, x.mode, x.source
) e;

COMMENT ON VIEW rollgate_audit.denials_by_hour_v1 IS
  'Denied calls by hour (UTC), account, API, window, mode and source. A condition on hour limits which days are read';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.hour        IS 'start of the hour that contains an event''s first call';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.account     IS 'as in limit_events_v1';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.api         IS 'the called API';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.group_id    IS 'group of the API';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.window_name IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.mode        IS
  'as in limit_events_v1; only enforced and fallback_denied rejected calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.source IS
  'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.denials     IS 'number of calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.units       IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.events      IS 'number of rows of limit_events_v1';
