-- Changes whenever transaction IDs or counts may have gone back: after a promotion, a restored backup, or storage reverted to a
-- snapshot, each of which includes a start of Postgres, and after a crash, which loses the commits that had not reached the disk.
-- Postgres restarts itself when one of its processes crashes. Its start time stays the same then, but its statistics are reset.
CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws('/', rollgate.server_place(), extract(epoch FROM pg_postmaster_start_time()),
                   extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()))
$$;

COMMENT ON FUNCTION rollgate.server_life IS
  'The server''s place, start and last crash; what an instance knows is valid only while this stays the same';
