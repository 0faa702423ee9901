-- Each day is checked separately, so that a condition on `day` checks only the events of that day.
CREATE OR REPLACE VIEW rollgate_audit.recheck_decisions_v1 AS
SELECT d.day, r.event_id, r.account, r.api, r.subject, r.at, r.window_name, r.limit_units, r.used_reported, r.used_recorded, r.cost, r.count
FROM (
  SELECT generate_series(date_trunc('day', b.oldest, 'UTC'), b.newest, interval '1 day') AS day
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event o) b
) d
CROSS JOIN LATERAL rollgate.recheck_decisions(d.day, d.day + interval '1 day' - interval '1 microsecond') r;

COMMENT ON VIEW rollgate_audit.recheck_decisions_v1 IS
  'Denials that had enough free units, recomputed from the units on record. Expected result: no rows. A condition on day checks only '
  'the events of that day. Minutes are kept for a day by default, and older events can''t be checked';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.day           IS 'the day (UTC) of the event';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.event_id      IS 'the event: see limit_events_v1';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.account       IS 'the account';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.api           IS 'the called API';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.subject       IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.at            IS 'time of the first call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.window_name   IS 'the window that denied';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.limit_units   IS 'limit of that window, in units';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.used_reported IS 'units in the window as reported to the call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.used_recorded IS 'recomputed usage; compare with the reported one';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.cost          IS 'units per call';
COMMENT ON COLUMN rollgate_audit.recheck_decisions_v1.count         IS 'number of calls';
