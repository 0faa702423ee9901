-- Units granted by second since p_since, for subjects whose key starts with p_prefix.
CREATE OR REPLACE FUNCTION rollgate.usage_by_second(p_lane int, p_prefix text, p_since timestamptz)
RETURNS TABLE (subject text, second int, units int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  WITH rows AS (
    SELECT b.subject, b.minute, b.secs, b.sums FROM rollgate.bucket b
    WHERE b.lane = p_lane AND b.subject >= p_prefix AND starts_with(b.subject, p_prefix)
      AND b.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
    UNION ALL
    SELECT c.subject, c.minute, c.secs, c.sums FROM rollgate.counter c
    WHERE c.lane = p_lane AND c.subject >= p_prefix AND starts_with(c.subject, p_prefix)
      AND c.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
  )
  SELECT r.subject, r.minute * 60 + x.sec, (x.sum - coalesce(lag(x.sum) OVER (PARTITION BY r.subject, r.minute ORDER BY x.sec), 0))::int
  FROM rows r CROSS JOIN LATERAL unnest(r.secs, r.sums) AS x (sec, sum)
  WHERE r.minute >= floor(extract(epoch FROM p_since) / 60)::int
$$;

COMMENT ON FUNCTION rollgate.usage_by_second IS
  'Units granted by second since p_since (as far back as finished minutes are kept), for the subjects of a key prefix';
