-- The seconds of each subject's hour window that have units, oldest first. Takes no lock and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.peek(
  p_lane     int,
  p_subjects text[],
  p_now      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (now_ms bigint, subject text, seconds int[], units int[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
  WITH clock AS (
    SELECT t.now, greatest(floor(extract(epoch FROM t.now)), (SELECT swept_to FROM rollgate.lane WHERE lane = p_lane))::int AS second
    FROM (SELECT coalesce(p_now, clock_timestamp()) AS now) t
  )
  SELECT floor(extract(epoch FROM clock.now) * 1000)::bigint, asked.subject, coalesce(used.seconds, '{}'), coalesce(used.units, '{}')
  FROM clock
  CROSS JOIN unnest(p_subjects) WITH ORDINALITY AS asked (subject, place)
  LEFT JOIN rollgate.counter head ON head.lane = p_lane AND head.subject = asked.subject
  -- Time never goes back for a subject: it is at least the second of its newest grant.
  CROSS JOIN LATERAL (SELECT greatest(clock.second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) own
  LEFT JOIN LATERAL (
    SELECT array_agg(u.second ORDER BY u.second) AS seconds,
           array_agg(u.units::int ORDER BY u.second) AS units
    FROM rollgate.units_by_second(
      ARRAY[p_lane], asked.subject, head.cleared, own.second + 1 - rollgate.window_buckets('hour'), own.second) u
  ) used ON head.lane IS NOT NULL
  ORDER BY asked.place
$$;

COMMENT ON FUNCTION rollgate.peek IS 'Reads usage of subjects without spending: the seconds of the last hour that have units';
