-- Recomputes denials from the units on record and lists those that had enough free units. Expected result: no rows.
--
-- Not checked, and therefore never listed: events merged across subjects; decisions made while the database was away; denials of a
-- subject that had a refund or a reset since, or within the 3 s before (another instance may remember a denial that long); denials
-- whose minutes are no longer on record, because of retention or because the idle subject's row, which holds its last minute, was
-- swept. Units granted after a denial within the same second are counted too. The check assumes that the database's clock never
-- went back. It reads each event's window, so limit the time span.
CREATE OR REPLACE FUNCTION rollgate.recheck_decisions(p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_reported int,
  used_recorded bigint, cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH judged AS (
    SELECT e.*, CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END AS limit_units,
           floor(extract(epoch FROM e.first_at))::int AS second, CASE e.window_name WHEN 'hour' THEN 3600 ELSE 60 END AS length
    FROM rollgate.limit_event e
    WHERE e.first_at >= coalesce(p_from, '-infinity') AND e.first_at <= coalesce(p_to, 'infinity')
      AND e.kind = 'denied' AND e.subject <> '*' AND e.mode IN ('enforced', 'shadow')
      AND e.cost <= CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END
      AND NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = e.subject AND f.at > e.first_at - interval '3 seconds')
  )
  SELECT j.id, j.account, j.api, j.subject, j.first_at, j.window_name, j.limit_units, j.used, u.units, j.cost, j.count
  FROM judged j
  -- The subject's row: which units were forgiven, and since when its units are numbered without a break.
  LEFT JOIN LATERAL (
    SELECT c.lane, c.cleared,
           coalesce((SELECT min(m.minute) FROM rollgate.bucket m WHERE m.lane = c.lane AND m.subject = c.subject), c.minute) AS oldest,
           (SELECT max(m.minute) FROM (
              SELECT b.minute FROM rollgate.bucket b WHERE b.lane = c.lane AND b.subject = c.subject AND b.start = 0
              UNION ALL
              SELECT c.minute WHERE c.total = c.sums[cardinality(c.sums)]) m) AS born
    FROM rollgate.counter c
    WHERE c.lane = ANY (rollgate.lanes_of(j.lane)) AND c.subject = j.subject
    LIMIT 1
  ) h ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(least(s.units, s.newest - coalesce(h.cleared, 0))), 0) AS units
    FROM rollgate.units_by_second(rollgate.lanes_of(j.lane), j.subject, j.second - j.length, j.second) s
    WHERE s.newest > coalesce(h.cleared, 0)
  ) u
  WHERE u.units + j.cost <= j.limit_units
    AND CASE
      WHEN j.second - j.length >= floor(extract(epoch FROM clock_timestamp())) - 3660 THEN true -- too recent to have been swept
      WHEN h.born IS NOT NULL THEN h.born <= j.second / 60
      ELSE h.oldest * 60 <= j.second - j.length END
$$;

COMMENT ON FUNCTION rollgate.recheck_decisions IS
  'Denials of a time span that had enough free units, recomputed from the units on record. Expected result: no rows';
