-- Records which rows of rollgate.freed were removed, so that instances that have not read them notice.
CREATE OR REPLACE FUNCTION rollgate.note_freed_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_newest xid8;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    v_newest := pg_current_xact_id();
  ELSE
    -- IDs from a restored dump may be ahead of this server's. No instance has a snapshot of them.
    SELECT max(g.xact) INTO v_newest FROM gone g WHERE g.xact <= pg_current_xact_id();
  END IF;
  IF v_newest IS NOT NULL THEN
    INSERT INTO rollgate.freed_removed AS r (xact) VALUES (v_newest)
    ON CONFLICT (one) DO UPDATE SET xact = excluded.xact WHERE r.xact < excluded.xact OR r.xact > pg_current_xact_id();
  END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION rollgate.note_freed_removed IS 'Records the newest transaction whose rows were removed from rollgate.freed';
