-- Hours outermost, each summed up by itself: a condition on `hour` then reaches the partitions, one on the account the index.
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

COMMENT ON VIEW rollgate_audit.denials_by_hour_v1 IS 'Denied calls by hour (UTC), account, API, window, mode and source. A condition on hour keeps other days untouched';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.hour        IS 'start of the hour in which the first call of an event was';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.account     IS 'as in limit_events_v1';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.api         IS 'API that was called';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.group_id    IS 'group of the API';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.window_name IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.mode        IS 'as in limit_events_v1: only enforced and fallback_denied turned callers away';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.source      IS 'default, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.denials     IS 'calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.units       IS 'units they asked for';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.events      IS 'rows of limit_events_v1';
