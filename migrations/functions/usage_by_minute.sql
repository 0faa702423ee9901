-- Units by minute and scope in the last hour, for a chart. p_prefix: the account's key and a slash.
CREATE OR REPLACE FUNCTION rollgate.usage_by_minute(p_lane int, p_prefix text, p_now timestamptz DEFAULT NULL)
RETURNS TABLE (minute int, scope text, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  WITH rows AS (
    SELECT b.subject, b.minute, b.sums[cardinality(b.sums)] AS units FROM rollgate.bucket b
    WHERE b.lane = p_lane AND b.subject >= p_prefix AND b.subject < left(p_prefix, -1) || '0' COLLATE "C"
    UNION ALL
    SELECT c.subject, c.minute, c.sums[cardinality(c.sums)] FROM rollgate.counter c
    WHERE c.lane = p_lane AND c.subject >= p_prefix AND c.subject < left(p_prefix, -1) || '0' COLLATE "C"
  )
  SELECT r.minute, split_part(r.subject, '/', 2), sum(r.units)
  FROM rows r
  WHERE r.minute > floor(extract(epoch FROM coalesce(p_now, clock_timestamp())) / 60)::int - 60
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

COMMENT ON FUNCTION rollgate.usage_by_minute IS 'Units granted to an account, by minute and API, in the last 60 minutes';
