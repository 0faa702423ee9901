-- Returns the first second (0-59) of a minute that has units in a window, for a window that begins in second `sec` of that minute.
-- Valid only where no reset has cleared units of that minute. Second `sec` itself counts, as in rollgate.window_base. Inlined.
CREATE OR REPLACE FUNCTION rollgate.first_counted(
  secs smallint[],
  sums int[],
  sec  smallint
) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.first_counted IS 'First second of a minute that has units in a window beginning in that minute; inlined';
