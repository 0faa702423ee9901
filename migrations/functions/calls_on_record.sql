-- The subjects with calls in a span of time, and bounds of their rolling windows: a window of 61 seconds is in two minutes, and one of
-- 3,601 seconds in 61 minutes, so no window used more than the sums of these minutes. The bounds also cover the hour before the span.
-- Most subjects use so little that twice their fullest minute and their total are good enough. Bounds above p_minute or p_hour are
-- computed from the minutes.
CREATE OR REPLACE FUNCTION rollgate.calls_on_record(
  p_scopes   text[],  -- of subjects' keys, as in rollgate.key_scopes
  p_accounts text[],  -- encoded, as in subjects' keys; NULL: all
  p_lanes    int[],   -- of these accounts
  p_from     int,     -- Unix minutes, both included
  p_to       int,
  p_minute   int,     -- bounds up to these need not be precise
  p_hour     int
) RETURNS TABLE (subject text, lane int, units bigint, most_minute bigint, most_hour bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH total AS MATERIALIZED (
    SELECT m.subject, m.lane, sum(u.units) FILTER (WHERE m.minute >= p_from) AS units, 2 * max(u.units) AS most_minute,
           sum(u.units) AS most_hour
    FROM rollgate.minutes_on_record m
    CROSS JOIN LATERAL (SELECT m.sums[cardinality(m.sums)]::bigint AS units) u
    WHERE m.lane = ANY (p_lanes) AND m.minute BETWEEN p_from - 60 AND p_to AND split_part(m.subject, '/', 2) = ANY (p_scopes)
      AND (p_accounts IS NULL OR split_part(m.subject, '/', 1) = ANY (p_accounts))
    GROUP BY m.subject, m.lane
  )
  SELECT t.subject, t.lane, coalesce(t.units, 0)::bigint, coalesce(p.most_minute, t.most_minute)::bigint,
         coalesce(p.most_hour, t.most_hour)::bigint
  FROM total t
  LEFT JOIN LATERAL (
    SELECT max(s.in_minute) AS most_minute, max(s.in_hour) AS most_hour
    FROM (
      SELECT sum(m.sums[cardinality(m.sums)]) OVER (ORDER BY m.minute RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) AS in_minute,
             sum(m.sums[cardinality(m.sums)]) OVER (ORDER BY m.minute RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS in_hour
      FROM rollgate.minutes_on_record m
      WHERE m.lane = t.lane AND m.subject = t.subject AND m.minute BETWEEN p_from - 60 AND p_to
    ) s
  ) p ON t.most_minute > p_minute OR t.most_hour > p_hour
  WHERE NOT rollgate.is_internal(split_part(t.subject, '/', 1))
$$;

COMMENT ON FUNCTION rollgate.calls_on_record IS
  'Subjects with units in these minutes or the hour before, their units in these minutes, and bounds of the most that their 60 s and '
  '3,600 s windows used';
