-- The seconds of each subject's hour window that have units, oldest first. Takes no lock and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.peek(p_lane int, p_subjects text[], p_now timestamptz DEFAULT NULL)
RETURNS TABLE (now_ms bigint, subject text, seconds int[], units int[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
  WITH clock AS (
    SELECT t.now, greatest(floor(extract(epoch FROM t.now)), (SELECT swept_to FROM rollgate.lane WHERE lane = p_lane))::int AS second
    FROM (SELECT coalesce(p_now, clock_timestamp()) AS now) t
  )
  SELECT floor(extract(epoch FROM clock.now) * 1000)::bigint, i.subject, coalesce(w.seconds, '{}'), coalesce(w.units, '{}')
  FROM clock
  CROSS JOIN unnest(p_subjects) WITH ORDINALITY AS i (subject, ord)
  LEFT JOIN rollgate.counter c ON c.lane = p_lane AND c.subject = i.subject
  CROSS JOIN LATERAL (SELECT greatest(clock.second, c.minute * 60 + c.secs[cardinality(c.secs)]) AS s) t
  LEFT JOIN LATERAL (
    SELECT array_agg(u.second ORDER BY u.second) AS seconds, array_agg(u.units ORDER BY u.second) AS units
    FROM (
      SELECT m.minute * 60 + x.sec AS second,
             greatest(0, m.start + x.sum
               - greatest(c.cleared, m.start + coalesce(lag(x.sum) OVER (PARTITION BY m.minute ORDER BY x.sec), 0)))::int AS units
      FROM (
        SELECT minute, start, secs, sums FROM rollgate.bucket
        WHERE lane = p_lane AND subject = i.subject AND minute >= t.s / 60 - 60
        UNION ALL
        SELECT c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums
      ) m
      CROSS JOIN LATERAL unnest(m.secs, m.sums) AS x (sec, sum)
    ) u
    WHERE u.second >= t.s - 3600 AND u.units > 0
  ) w ON c.lane IS NOT NULL
  ORDER BY i.ord
$$;

COMMENT ON FUNCTION rollgate.peek IS 'Reads usage of subjects without spending: the seconds of the last hour that have units';
