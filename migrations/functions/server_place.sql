-- Identifies the server and timeline of this database. NULL on a standby, which has no timeline of its own.
CREATE OR REPLACE FUNCTION rollgate.server_place() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' ||
    (SELECT oid FROM pg_database WHERE datname = current_database())
  END
$$;

COMMENT ON FUNCTION rollgate.server_place IS 'System identifier, timeline and database; changes after a promotion or a restored backup';
