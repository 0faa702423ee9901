-- Returns one page of the subjects that start with p_prefix and were granted units within the hour window.
CREATE OR REPLACE FUNCTION rollgate.list_subjects(
  p_lane   int,
  p_prefix text,
  p_after  text,                     -- the last key of the page before; '': the first page
  p_limit  int,
  p_now    timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
  SELECT c.subject FROM rollgate.counter c
  WHERE c.lane = p_lane AND c.subject >= p_prefix AND c.subject > p_after AND starts_with(c.subject, p_prefix)
    -- An upper bound: no text that starts with the prefix sorts after it.
    AND c.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1)
    AND c.total > c.cleared
    AND c.minute * 60 + c.secs[cardinality(c.secs)]
      > floor(extract(epoch FROM coalesce(p_now, clock_timestamp()))) - rollgate.window_buckets('hour')
  ORDER BY c.subject
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.list_subjects IS 'Subjects of a key prefix with traffic in the last hour, in key order, one page';
