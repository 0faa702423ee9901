-- Returns the second in which unit number p_unit was granted. Only denials need it.
CREATE OR REPLACE FUNCTION rollgate.second_of(
  p_lane        int,
  p_subject     text,
  p_unit        bigint,
  p_from_minute int      -- the first minute to search
) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT m.minute * 60 + m.secs[width_bucket((p_unit - 1 - m.start)::int, m.sums) + 1]
  FROM rollgate.minutes_on_record m
  WHERE m.lane = p_lane AND m.subject = p_subject AND m.minute >= p_from_minute
    AND m.start < p_unit AND m.start + m.sums[cardinality(m.sums)] >= p_unit
  ORDER BY m.minute DESC
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.second_of IS 'The second in which a numbered unit of a subject was granted; searches from p_from_minute on';
