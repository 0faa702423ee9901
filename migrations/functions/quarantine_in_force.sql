-- Returns the quarantine in force, at most one row. A change of server counts even before an instance has recorded it, so that a new
-- connection learns of it before it decides.
CREATE OR REPLACE FUNCTION rollgate.quarantine_in_force()
RETURNS TABLE (since timestamptz, until timestamptz, reason text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.since, q.until, q.reason FROM (
    -- A quarantine that begins in the future was recorded before the clock was set back. It is over.
    SELECT q.since, q.until, q.reason FROM rollgate.quarantine q
    WHERE q.since <= clock_timestamp() AND q.until > clock_timestamp()
    UNION ALL
    SELECT clock_timestamp(), clock_timestamp() + make_interval(secs => rollgate.window_buckets('minute')),
           rollgate.place_reason(rollgate.server_place())
    FROM rollgate.server s WHERE s.place <> rollgate.server_place()
  ) q
  ORDER BY q.until DESC LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.quarantine_in_force IS
  'Start, end and reason of the quarantine in which every instance grants half limits; no row: there is none';
