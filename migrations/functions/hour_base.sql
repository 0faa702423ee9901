-- Returns the base of the hour window (rollgate.window_base) of a head that rollgate.fits_at_once accepts. The window begins
-- in the minute an hour ago, after second `before`, and no reset has cleared units of it. Inlined.
CREATE OR REPLACE FUNCTION rollgate.hour_base(head rollgate.counter, before smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.hour_start + rollgate.units_until(head.hour_secs, head.hour_sums, before)
$$;

COMMENT ON FUNCTION rollgate.hour_base IS 'Number of the newest unit that the hour window of a head row no longer counts; inlined';
