-- Returns the second in which the oldest used unit leaves the minute window, for a head that rollgate.fits_at_once has accepted, after the
-- grant. Inlined.
CREATE OR REPLACE FUNCTION rollgate.minute_reset(
  p_head   rollgate.counter,
  p_out    int,      -- the second in which units of second 0 of the head's minute leave the window
  p_before smallint  -- the second of that minute before the current one (-1 to 58)
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(
    -- The oldest used unit is of the minute before …
    p_out - 60 + rollgate.first_counted(p_head.prev_secs, p_head.prev_sums, p_before),
    -- … or of this minute.
    p_out + rollgate.oldest_second(0, 0, p_head.secs, p_head.sums))
$$;

COMMENT ON FUNCTION rollgate.minute_reset IS 'Second in which the oldest used unit of a head row leaves the minute window; inlined';
