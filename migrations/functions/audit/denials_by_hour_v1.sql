-- Hours that are rolled up come from rollgate.denial_hour. The events of the others are added up hour by hour, so that a condition
-- on `hour` reaches the partitions and one on the account uses the index.
CREATE OR REPLACE VIEW rollgate_audit.denials_by_hour_v1 AS
SELECT d.hour, s.account, s.api, c.group_id, d.window_name, d.mode, d.source, d.calls AS denials, d.units, d.events::bigint AS events
FROM rollgate.denial_hour d
JOIN rollgate.usage_series s ON s.id = d.series
LEFT JOIN rollgate.catalogue c ON c.api = s.api
WHERE s.account <> '' AND d.hour < (SELECT r.rolled_to FROM rollgate.roll_up r)
  AND d.hour <> ALL (ARRAY(SELECT o.hour FROM rollgate.reopened_hours o))
UNION ALL
SELECT h.hour, e.account, e.api, e.group_id, e.window_name, e.mode, e.source, e.denials, e.units, e.events
FROM (
  SELECT o.hour FROM rollgate.reopened_hours o
  UNION ALL
  SELECT generate_series(
    greatest(date_trunc('hour', b.oldest, 'UTC'), (SELECT r.rolled_to FROM rollgate.roll_up r)), b.newest, interval '1 hour')
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event_row o) b
) h
CROSS JOIN LATERAL (
  SELECT x.account, k.api, k.group_id, k.window_name, k.mode, coalesce(x.source, 'default') AS source, sum(x.count)::bigint AS denials,
         sum(coalesce(x.units, x.count::bigint * x.cost))::bigint AS units, count(*) AS events
  FROM rollgate.limit_event_row x JOIN rollgate.event_class k ON k.id = x.class
  WHERE x.first_at >= h.hour AND x.first_at < h.hour + interval '1 hour' AND k.kind = 'denied'
  GROUP BY x.account, k.api, k.group_id, k.window_name, k.mode, coalesce(x.source, 'default')
) e;

COMMENT ON VIEW rollgate_audit.denials_by_hour_v1 IS
  'Denied calls by hour (UTC), account, API, window, mode and source: as far back as usage by hour is kept, and up to now. A condition on '
  'hour limits which months and days are read';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.hour        IS 'start of the hour that contains an event''s first call';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.account     IS 'as in limit_events_v1';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.api         IS 'the called API';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.group_id    IS 'group of the API; NULL: the API is not in the catalogue';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.window_name IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.mode        IS
  'as in limit_events_v1; only enforced and fallback_denied rejected calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.source IS
  'default, plan:<id>, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.denials     IS 'number of calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.units       IS 'total units requested by the calls';
COMMENT ON COLUMN rollgate_audit.denials_by_hour_v1.events      IS 'number of rows of limit_events_v1';
