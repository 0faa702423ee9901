-- What an instance needs to know of the server before it decides: its clock, whether usage counts may be incomplete, and
-- whether it is still the same one.
CREATE OR REPLACE FUNCTION rollgate.server_state()
RETURNS TABLE (now_ms float8, quarantine_since_ms float8, quarantine_left_ms float8, quarantine_reason text, life text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT extract(epoch FROM t.now)::float8 * 1000, extract(epoch FROM q.since)::float8 * 1000,
         extract(epoch FROM q.until - t.now)::float8 * 1000, q.reason, rollgate.server_life()
  FROM (SELECT clock_timestamp() AS now) t LEFT JOIN rollgate.quarantine_in_force() q ON true
$$;

COMMENT ON FUNCTION rollgate.server_state IS 'The server''s clock and the quarantine in force (NULL: none), and its life';
