-- Whether rollgate.acquire may grant all units from the head row alone: it is of the current minute, its newest second is not ahead of the
-- clock, no reset has cleared units of these windows, and both windows have room. Inlined.
CREATE OR REPLACE FUNCTION rollgate.fits_at_once(
  head       rollgate.counter,
  units      bigint,
  per_minute int,
  per_hour   int,
  minute     int,       -- the current minute …
  sec        smallint,  -- … the current second of it …
  before     smallint   -- … and the second before
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT head.minute = minute AND head.secs[cardinality(head.secs)] <= sec AND head.cleared <= head.hour_start
    AND units <= rollgate.free_units(
      head.total, rollgate.minute_base(head, before), per_minute, rollgate.hour_base(head, before), per_hour)
$$;

COMMENT ON FUNCTION rollgate.fits_at_once IS 'Whether units can be granted from a head row alone; inlined';
