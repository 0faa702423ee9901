-- Returns the seconds after which no unit of a minute counts any more: the hour window and the minute itself. Minutes and idle heads
-- are kept at least this long. Inlined.
CREATE OR REPLACE FUNCTION rollgate.least_keep_seconds() RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.window_buckets('hour') + 60
$$;

COMMENT ON FUNCTION rollgate.least_keep_seconds IS 'Shortest time for which minutes are kept; inlined';
