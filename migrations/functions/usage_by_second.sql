-- Units granted by second since p_since, for subjects whose key starts with p_prefix.
CREATE OR REPLACE FUNCTION rollgate.usage_by_second(
  p_lane   int,
  p_prefix text,
  p_since  timestamptz
) RETURNS TABLE (subject text, second int, units int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  SELECT m.subject, m.minute * 60 + x.sec, x.sum - coalesce(m.sums[x.place - 1], 0)
  FROM rollgate.minutes_on_record m CROSS JOIN LATERAL unnest(m.secs, m.sums) WITH ORDINALITY AS x (sec, sum, place)
  WHERE m.lane = p_lane AND m.subject >= p_prefix AND starts_with(m.subject, p_prefix)
    -- An upper bound: no text that starts with the prefix sorts after it.
    AND m.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
    AND m.minute >= floor(extract(epoch FROM p_since) / 60)::int
$$;

COMMENT ON FUNCTION rollgate.usage_by_second IS
  'Units granted by second since p_since (as far back as finished minutes are kept), for the subjects of a key prefix';
