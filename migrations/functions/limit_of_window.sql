-- Returns the limit of one of the two windows. Inlined.
CREATE OR REPLACE FUNCTION rollgate.limit_of_window(
  p_window     text,  -- minute or hour; NULL (a grant): minute
  p_per_minute int,
  p_per_hour   int
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window WHEN 'hour' THEN p_per_hour ELSE p_per_minute END
$$;

COMMENT ON FUNCTION rollgate.limit_of_window IS 'The limit of one window; inlined';
