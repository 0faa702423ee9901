-- Returns the base of the minute window (rollgate.window_base) of a head that rollgate.fits_at_once accepts. The window begins
-- in the minute before, after second `before`, and no reset has cleared units of it. Inlined.
CREATE OR REPLACE FUNCTION rollgate.minute_base(head rollgate.counter, before smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.prev_start + rollgate.units_until(head.prev_secs, head.prev_sums, before)
$$;

COMMENT ON FUNCTION rollgate.minute_base IS 'Number of the newest unit that the minute window of a head row no longer counts; inlined';
