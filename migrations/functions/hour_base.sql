-- Returns the base of the hour window at second `sec` of the head's own minute: the window begins in the minute an hour ago. Inlined.
CREATE OR REPLACE FUNCTION rollgate.hour_base(head rollgate.counter, sec smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.window_base(head.cleared, head.hour_start, head.hour_secs, head.hour_sums, sec)
$$;

COMMENT ON FUNCTION rollgate.hour_base IS 'Number of the newest unit that the hour window of a head row no longer counts; inlined';
