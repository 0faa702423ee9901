-- Returns the base of the minute window at second `sec` of the head's own minute: the window begins in the minute before. Inlined.
CREATE OR REPLACE FUNCTION rollgate.minute_base(head rollgate.counter, sec smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.window_base(head.cleared, head.prev_start, head.prev_secs, head.prev_sums, sec)
$$;

COMMENT ON FUNCTION rollgate.minute_base IS 'Number of the newest unit that the minute window of a head row no longer counts; inlined';
