-- The rule of the limiter: returns how many more units both windows allow. A call is granted if its units are at most this. A window
-- allows units up to number base + limit (rollgate.window_base). Inlined.
CREATE OR REPLACE FUNCTION rollgate.free_units(
  p_total       bigint,
  p_minute_base bigint,  -- as rollgate.window_base returns it
  p_per_minute  int,
  p_hour_base   bigint,
  p_per_hour    int
) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT least(p_minute_base + p_per_minute, p_hour_base + p_per_hour) - p_total
$$;

COMMENT ON FUNCTION rollgate.free_units IS 'Units that a subject may still use under both limits; negative: a limit was lowered; inlined';
