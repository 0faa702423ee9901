-- What a node has to notice of the server itself: its clock, and whether another server has taken its place.
CREATE OR REPLACE FUNCTION rollgate.server_state() RETURNS TABLE (now_ms float8, timeline text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8,
         CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
$$;

COMMENT ON FUNCTION rollgate.server_state IS 'The server''s clock, and its timeline: another one after a replica was promoted';
