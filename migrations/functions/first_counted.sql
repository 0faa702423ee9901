-- The first second (0-59) of a minute with units that a window counts which begins in second `sec` of it, where no reset
-- reaches into that minute. The 61st bucket is here as in rollgate.window_base.
CREATE OR REPLACE FUNCTION rollgate.first_counted(secs smallint[], sums int[], sec smallint) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.first_counted IS 'First second of a minute with units of a window that begins in it; inlined';
