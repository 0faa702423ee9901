-- Changes whenever transaction IDs or counts may have gone back: after a promotion, a restored backup, or storage reverted to a
-- snapshot. Each of them includes a start of Postgres.
CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT rollgate.server_place() || '/' || extract(epoch FROM pg_postmaster_start_time())
$$;

COMMENT ON FUNCTION rollgate.server_life IS
  'The server''s place and start time; what an instance knows is valid only while this stays the same';
