-- Returns the first second (0-59) of a minute that has a unit newer than `base`. After repeated resets `base` may exceed `start` by
-- more than an int can hold.
CREATE OR REPLACE FUNCTION rollgate.oldest_second(base bigint, start bigint, secs smallint[], sums int[]) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(least(greatest(base - start, 0), 2147483647)::int, sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.oldest_second IS 'First second of a minute that has a unit newer than a base; inlined';
