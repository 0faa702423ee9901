-- Units by minute and scope in the last hour, for a chart.
CREATE OR REPLACE FUNCTION rollgate.usage_by_minute(
  p_lane   int,
  p_prefix text,                       -- the account's key and a slash
  p_now    timestamptz DEFAULT NULL    -- NULL: now
) RETURNS TABLE (minute int, scope text, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT m.minute, split_part(m.subject, '/', 2), sum(m.sums[cardinality(m.sums)])
  FROM rollgate.minutes_on_record m
  WHERE m.lane = p_lane
    -- '0' follows '/' in the order of keys.
    AND m.subject >= p_prefix AND m.subject < left(p_prefix, -1) || '0' COLLATE "C"
    AND m.minute > floor(extract(epoch FROM coalesce(p_now, clock_timestamp())) / 60)::int - 60
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

COMMENT ON FUNCTION rollgate.usage_by_minute IS 'Units granted to an account, by minute and API, in the last 60 minutes';
