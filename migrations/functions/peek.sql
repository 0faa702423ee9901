-- The seconds of each subject's hour window that have units, oldest first. Takes no lock and writes nothing. Each statement names the lane,
-- as Citus needs it. A head that is read before a grant moves it still has its minute, so only the finished minutes before it are added.
CREATE OR REPLACE FUNCTION rollgate.peek(
  p_lane     int,
  p_subjects text[],
  p_now      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (now_ms bigint, subject text, seconds int[], units int[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now     timestamptz := coalesce(p_now, clock_timestamp());
  v_swept   bigint;
  v_second  int;
  v_heads   rollgate.counter[];
  v_minutes rollgate.bucket[];
BEGIN
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM v_now)), v_swept);
  SELECT array_agg(ROW(c.*)::rollgate.counter) INTO v_heads FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject = ANY (p_subjects);
  SELECT array_agg(ROW(b.*)::rollgate.bucket) INTO v_minutes FROM rollgate.bucket b
  WHERE b.lane = p_lane AND b.subject = ANY (p_subjects) AND b.minute >= (v_second + 1 - rollgate.window_buckets('hour')) / 60;
  RETURN QUERY
  SELECT floor(extract(epoch FROM v_now) * 1000)::bigint, asked.subject, coalesce(used.seconds, '{}'), coalesce(used.units, '{}')
  FROM unnest(p_subjects) WITH ORDINALITY AS asked (subject, place)
  LEFT JOIN unnest(v_heads) head ON head.subject = asked.subject
  -- Time never goes back for a subject: it is at least the second of its newest grant.
  CROSS JOIN LATERAL (SELECT greatest(v_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) own
  LEFT JOIN LATERAL (
    SELECT array_agg(u.second ORDER BY u.second) AS seconds, array_agg(u.units::int ORDER BY u.second) AS units
    FROM (
      SELECT b.minute, b.start, b.secs, b.sums FROM unnest(v_minutes) b WHERE b.subject = asked.subject AND b.minute < head.minute
      UNION ALL
      SELECT head.minute, head.total - head.sums[cardinality(head.sums)], head.secs, head.sums
    ) m
    CROSS JOIN LATERAL rollgate.units_of_minute(m.minute, m.start, m.secs, m.sums, head.cleared) u
    WHERE u.second BETWEEN own.second + 1 - rollgate.window_buckets('hour') AND own.second
  ) used ON head.lane IS NOT NULL
  ORDER BY asked.place;
END $$;

COMMENT ON FUNCTION rollgate.peek IS 'Reads usage of subjects without spending: the seconds of the last hour that have units';
