-- The quarantine in force, at most one row. A change of place counts before anyone has written it down: a new connection learns
-- of it before it decides.
CREATE OR REPLACE FUNCTION rollgate.quarantine_in_force()
RETURNS TABLE (since timestamptz, until timestamptz, reason text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.since, q.until, q.reason FROM (
    -- One that begins in the future was written before the clock was put back: it is over.
    SELECT q.since, q.until, q.reason FROM rollgate.quarantine q
    WHERE q.since <= clock_timestamp() AND q.until > clock_timestamp()
    UNION ALL
    SELECT clock_timestamp(), clock_timestamp() + interval '61 seconds', rollgate.place_reason(rollgate.server_place())
    FROM rollgate.server s WHERE s.place <> rollgate.server_place()
  ) q
  ORDER BY q.until DESC LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.quarantine_in_force IS 'Since when, until when and why every instance grants half limits; no row: it does not';
