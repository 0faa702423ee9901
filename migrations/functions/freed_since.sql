-- Returns the subjects freed by transactions that committed since the caller's last poll. The caller keeps a snapshot, not the last
-- ID: a transaction with a lower ID may commit later, and the snapshot still treats it as unseen.
--
-- complete is false when the list may be missing subjects: there was no earlier poll, the server was restarted or replaced, or rows
-- were removed that the caller had not read. The caller then drops every denial it remembers.
CREATE OR REPLACE FUNCTION rollgate.freed_since(p_life text, p_seen pg_snapshot)
RETURNS TABLE (life text, seen pg_snapshot, complete boolean, subjects text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.life, n.seen, c.complete,
         CASE WHEN c.complete THEN ARRAY(
           SELECT f.subject FROM rollgate.freed f
           -- Rows of a restored dump have transaction IDs of another server, which may be ahead of this server's.
           WHERE f.xact >= pg_snapshot_xmin(p_seen) AND f.xact < pg_snapshot_xmax(n.seen) AND NOT pg_visible_in_snapshot(f.xact, p_seen)
         ) ELSE '{}' END
  FROM (SELECT rollgate.server_life() AS life, pg_current_snapshot() AS seen) n
  CROSS JOIN LATERAL (
    SELECT coalesce(p_life = n.life, false) AND p_seen IS NOT NULL AND NOT EXISTS (
      SELECT FROM rollgate.freed_removed r WHERE r.xact >= pg_snapshot_xmin(p_seen) AND r.xact < pg_snapshot_xmax(n.seen)
    ) AS complete
  ) c
$$;

COMMENT ON FUNCTION rollgate.freed_since IS
  'Subjects freed by transactions that committed since a snapshot, and whether the list is complete';
