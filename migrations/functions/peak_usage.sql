-- The highest usage of each window since p_since, per subject.
CREATE OR REPLACE FUNCTION rollgate.peak_usage(
  p_lane   int,
  p_prefix text,
  p_since  timestamptz
) RETURNS TABLE (subject text, peak_minute bigint, peak_hour bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH sums AS (
    SELECT u.subject,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second
             RANGE BETWEEN rollgate.window_buckets('minute') - 1 PRECEDING AND CURRENT ROW) AS in_minute,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second
             RANGE BETWEEN rollgate.window_buckets('hour') - 1 PRECEDING AND CURRENT ROW) AS in_hour
    FROM rollgate.usage_by_second(p_lane, p_prefix, p_since) u
  )
  SELECT s.subject, max(s.in_minute), max(s.in_hour) FROM sums s GROUP BY s.subject
$$;

COMMENT ON FUNCTION rollgate.peak_usage IS
  'Highest usage of both rolling windows, per subject of a key prefix, since p_since, as far back as finished minutes are kept';
