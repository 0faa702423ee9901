-- Returns a window's base: the number of the newest unit that no longer counts, for a window that begins in second `sec` of the given
-- minute. The usage of the window is the total minus this base.
CREATE OR REPLACE FUNCTION rollgate.window_base(cleared bigint, start bigint, secs smallint[], sums int[], sec smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(cleared, start + coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), 0)
$$;

COMMENT ON FUNCTION rollgate.window_base IS 'Number of the newest unit that a window no longer counts; inlined';
