-- Returns a window's base: the number of the newest unit that no longer counts, for a window that begins in the second after `before` of
-- the given minute. The usage of the window is the total minus this base. The second in which the window begins still counts, which makes
-- the oldest bucket of rollgate.window_buckets. Inlined.
CREATE OR REPLACE FUNCTION rollgate.window_base(
  cleared bigint,      -- number of the newest unit that a reset has forgiven
  start   bigint,      -- total at the start of the minute in which the window begins
  secs    smallint[],  -- that minute's seconds with units …
  sums    int[],       -- … and its units up to and including each of them
  before  smallint     -- the second before the window (-1 to 58)
) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(cleared, start + rollgate.units_until(secs, sums, before), 0)
$$;

COMMENT ON FUNCTION rollgate.window_base IS 'Number of the newest unit that a window no longer counts; inlined';
