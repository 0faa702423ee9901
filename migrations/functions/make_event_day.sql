-- Makes the partition of one day (UTC) where there is none. Made apart and then attached, it takes no lock that a reader or
-- writer of the table would wait for (SHARE UPDATE EXCLUSIVE); it is empty, so attaching scans nothing.
-- The second look reads pg_class, not to_regclass: waiting for an advisory lock does not refresh the catalog cache, and with
-- to_regclass the second of two nodes failed with 42P07.
CREATE OR REPLACE FUNCTION rollgate.make_event_day(p_day date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_name text := 'limit_event_' || to_char(p_day, 'YYYYMMDD');
BEGIN
  IF to_regclass('rollgate.' || v_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7607, 0);
  IF EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = v_name AND c.relnamespace = 'rollgate'::regnamespace) THEN
    RETURN false; -- another node was faster
  END IF;
  EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.limit_event INCLUDING ALL EXCLUDING COMMENTS)', v_name);
  EXECUTE format('ALTER TABLE rollgate.limit_event ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
    v_name, p_day || ' 00:00:00+00', (p_day + 1) || ' 00:00:00+00');
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.make_event_day IS 'Makes the partition of a day where it is missing; tells whether it did';
