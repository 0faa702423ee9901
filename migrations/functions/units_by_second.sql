-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_by_second(
  p_lanes   int[],
  p_subject text,
  p_cleared bigint,  -- units up to this number were forgiven by a reset, and are left out
  p_from    int,     -- Unix seconds, both included
  p_to      int
) RETURNS TABLE (second int, units bigint)
LANGUAGE sql STABLE AS $$
  SELECT s.second, least(s.units, s.newest - p_cleared)
  FROM (
    SELECT m.minute * 60 + x.sec AS second, x.sum - coalesce(m.sums[x.place - 1], 0) AS units, m.start + x.sum AS newest
    FROM rollgate.minutes_on_record m CROSS JOIN LATERAL unnest(m.secs, m.sums) WITH ORDINALITY AS x (sec, sum, place)
    WHERE m.lane = ANY (p_lanes) AND m.subject = p_subject AND m.minute BETWEEN p_from / 60 AND p_to / 60
  ) s
  WHERE s.second BETWEEN p_from AND p_to AND s.units > 0 AND s.newest > p_cleared
$$;

COMMENT ON FUNCTION rollgate.units_by_second IS 'Units of a subject on record in a span of time, by second; inlined';
