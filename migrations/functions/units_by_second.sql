-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_by_second(
  p_lanes   int[],
  p_subject text,
  p_cleared bigint,  -- units up to this number were forgiven by a reset, and are left out
  p_from    int,     -- Unix seconds, both included
  p_to      int
) RETURNS TABLE (second int, units bigint)
LANGUAGE sql STABLE AS $$
  SELECT u.second, u.units
  FROM rollgate.minutes_on_record m
  CROSS JOIN LATERAL rollgate.units_of_minute(m.minute, m.start, m.secs, m.sums, p_cleared) u
  WHERE m.lane = ANY (p_lanes) AND m.subject = p_subject AND m.minute BETWEEN p_from / 60 AND p_to / 60
    AND u.second BETWEEN p_from AND p_to
$$;

COMMENT ON FUNCTION rollgate.units_by_second IS 'Units of a subject on record in a span of time, by second; inlined';
