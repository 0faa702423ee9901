-- Units of a subject on record, by second. `newest` is the number of the second's newest unit; units up to counter.cleared were
-- forgiven. Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_by_second(p_lanes int[], p_subject text, p_from int, p_to int)
RETURNS TABLE (second int, units bigint, newest bigint)
LANGUAGE sql STABLE AS $$
  WITH minutes AS (
    SELECT b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
    WHERE b.lane = ANY (p_lanes) AND b.subject = p_subject AND b.minute BETWEEN p_from / 60 AND p_to / 60
    UNION ALL
    SELECT c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums FROM rollgate.counter c
    WHERE c.lane = ANY (p_lanes) AND c.subject = p_subject AND c.minute BETWEEN p_from / 60 AND p_to / 60
  ),
  seconds AS (
    SELECT m.minute * 60 + x.sec AS second, (x.sum - coalesce(lag(x.sum) OVER (PARTITION BY m.minute ORDER BY x.sec), 0))::bigint AS units,
           m.start + x.sum AS newest
    FROM minutes m CROSS JOIN LATERAL unnest(m.secs, m.sums) AS x (sec, sum)
  )
  SELECT s.second, s.units, s.newest FROM seconds s WHERE s.second BETWEEN p_from AND p_to AND s.units > 0
$$;

COMMENT ON FUNCTION rollgate.units_by_second IS 'Units of a subject on record between two Unix seconds, both included, by second';
