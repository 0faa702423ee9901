-- Returns the first second (0-59) of a minute that has a unit newer than `base`. After repeated resets `base` may exceed `start` by
-- more than an int can hold. Inlined.
CREATE OR REPLACE FUNCTION rollgate.oldest_second(
  base  bigint,      -- as rollgate.window_base returns it
  start bigint,      -- total at the start of the minute
  secs  smallint[],  -- the seconds of the minute with units …
  sums  int[]        -- … and its units up to and including each of them
) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(least(greatest(base - start, 0), 2147483647)::int, sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.oldest_second IS 'First second of a minute that has a unit newer than a base; inlined';
