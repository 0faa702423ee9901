-- Creates the partition of one day (UTC) if it is missing. It is created as a separate table and then attached, which takes no lock
-- that a reader or writer of the table would wait for (SHARE UPDATE EXCLUSIVE). It is empty, so attaching scans nothing.
-- The second check reads pg_class instead of calling to_regclass: waiting for an advisory lock does not refresh the catalog cache,
-- and with to_regclass the second of two instances failed with 42P07.
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
    RETURN false; -- another instance was faster
  END IF;
  EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.limit_event_row INCLUDING ALL EXCLUDING COMMENTS)', v_name);
  EXECUTE format('ALTER TABLE rollgate.limit_event_row ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
    v_name, p_day || ' 00:00:00+00', (p_day + 1) || ' 00:00:00+00');
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.make_event_day IS 'Creates the partition of a day if it is missing; returns whether it did';
