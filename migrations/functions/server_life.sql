-- Changes whenever transaction IDs or counts may have gone back: after a promotion, a restored backup, or storage put back to a
-- snapshot, none of which happens without a start of Postgres.
CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT rollgate.server_place() || '/' || extract(epoch FROM pg_postmaster_start_time())
$$;

COMMENT ON FUNCTION rollgate.server_life IS 'The server''s place and when it started: what an instance knows of one life may not hold in another';
