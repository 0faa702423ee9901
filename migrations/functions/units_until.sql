-- Returns the units of a minute up to and including second `sec`, which may be -1. Inlined.
CREATE OR REPLACE FUNCTION rollgate.units_until(
  secs smallint[],  -- the minute's seconds with units …
  sums int[],       -- … and its units up to and including each of them
  sec  smallint
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(sums[width_bucket(sec, secs)], 0)
$$;

COMMENT ON FUNCTION rollgate.units_until IS 'Units of a minute up to a second of it; inlined';
