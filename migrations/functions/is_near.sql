-- Whether a grant leaves half of a limit or more used. The starts of the windows' first minutes make it an upper bound: it may be true
-- up to a minute too early, and is never false when half is used. Inlined.
CREATE OR REPLACE FUNCTION rollgate.is_near(
  total        bigint,  -- after the grant
  minute_start bigint,  -- total at the start of the minute in which the minute window begins
  per_minute   int,
  hour_start   bigint,  -- total at the start of the minute in which the hour window begins
  per_hour     int
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (total - minute_start) * 2 >= per_minute OR (total - hour_start) * 2 >= per_hour
$$;

COMMENT ON FUNCTION rollgate.is_near IS 'Whether half of a limit or more may be used, for rollgate.near_limit; inlined';
