-- Recomputes denials from the units on record and lists those that had enough free units. Expected result: no rows.
--
-- Not checked, and therefore never listed: events merged across subjects; decisions made while the database was away; denials of a
-- subject that had a refund or a reset since, or within the 3 s before (another instance may remember a denial that long); denials
-- whose minutes are no longer on record, because of retention or because the idle subject's row, which holds its last minute, was
-- swept. Units granted after a denial within the same second are counted too. The check assumes that the database's clock never
-- went back. It reads each event's window, so limit the time span.
CREATE OR REPLACE FUNCTION rollgate.recheck_decisions(
  p_from timestamptz DEFAULT NULL,  -- NULL: since the oldest event on record
  p_to   timestamptz DEFAULT NULL   -- included; NULL: until now
)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_reported int,
  used_recorded bigint, cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH judged AS (
    SELECT e.*, rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS limit_units, t.second,
           t.second + 1 - rollgate.window_buckets(e.window_name) AS oldest_second
    FROM rollgate.limit_event e CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM e.first_at))::int AS second) t
    WHERE e.first_at >= coalesce(p_from, '-infinity') AND e.first_at <= coalesce(p_to, 'infinity')
      AND e.kind = 'denied' AND e.subject <> '*' AND e.mode IN ('enforced', 'shadow')
      AND e.cost <= rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour)
      AND NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = e.subject AND f.at > e.first_at - interval '3 seconds')
  )
  SELECT j.id, j.account, j.api, j.subject, j.first_at, j.window_name, j.limit_units, j.used, used.units, j.cost, j.count
  FROM judged j
  -- The subject's head: which units were forgiven, its oldest minute on record, and the minute in which its numbering began.
  LEFT JOIN LATERAL (
    SELECT c.cleared,
           (SELECT min(m.minute) FROM rollgate.minutes_on_record m WHERE m.lane = c.lane AND m.subject = c.subject) AS oldest_minute,
           (SELECT max(m.minute) FROM rollgate.minutes_on_record m WHERE m.lane = c.lane AND m.subject = c.subject AND m.start = 0)
             AS first_minute
    FROM rollgate.counter c
    WHERE c.lane = ANY (rollgate.lanes_of(j.lane)) AND c.subject = j.subject
    LIMIT 1
  ) head ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.units), 0) AS units
    FROM rollgate.units_by_second(rollgate.lanes_of(j.lane), j.subject, coalesce(head.cleared, 0), j.oldest_second, j.second) s
  ) used
  WHERE used.units + j.cost <= j.limit_units
    AND CASE
      -- Too recent to have been swept.
      WHEN j.oldest_second > floor(extract(epoch FROM clock_timestamp())) - rollgate.least_keep_seconds() THEN true
      WHEN head.first_minute IS NOT NULL THEN head.first_minute <= j.second / 60
      ELSE head.oldest_minute * 60 <= j.oldest_second END
$$;

COMMENT ON FUNCTION rollgate.recheck_decisions IS
  'Denials of a time span that had enough free units, recomputed from the units on record. Expected result: no rows';
