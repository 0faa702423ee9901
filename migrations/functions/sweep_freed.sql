-- Removes rows that every connected instance has read. Rows of transactions that an open snapshot may still treat as running are
-- kept, so that a long transaction does not look like missing rows at every poll.
CREATE OR REPLACE FUNCTION rollgate.sweep_freed(p_keep interval DEFAULT interval '5 minutes') RETURNS int
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM rollgate.freed f
    WHERE f.at < clock_timestamp() - p_keep AND f.xact < pg_snapshot_xmin(pg_current_snapshot())
       OR f.xact >= pg_snapshot_xmax(pg_current_snapshot()) -- from a restored dump of another server
    RETURNING 1
  )
  SELECT count(*)::int FROM gone
$$;

COMMENT ON FUNCTION rollgate.sweep_freed IS 'Removes old rows of rollgate.freed; instances that have not read them notice';
