-- Returns the seconds of one minute on record that have units which a reset has not forgiven. Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_of_minute(
  p_minute  int,
  p_start   bigint,      -- these three as in rollgate.minutes_on_record
  p_secs    smallint[],
  p_sums    int[],
  p_cleared bigint       -- units up to this number were forgiven by a reset, and are left out
) RETURNS TABLE (second int, units bigint)
LANGUAGE sql IMMUTABLE AS $$
  SELECT p_minute * 60 + x.sec, least(x.sum - coalesce(p_sums[x.place - 1], 0), p_start + x.sum - p_cleared)
  FROM unnest(p_secs, p_sums) WITH ORDINALITY AS x (sec, sum, place)
  WHERE x.sum > coalesce(p_sums[x.place - 1], 0) AND p_start + x.sum > p_cleared
$$;

COMMENT ON FUNCTION rollgate.units_of_minute IS 'Units of one minute on record, by second; inlined';
