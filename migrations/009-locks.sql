-- Locks: cheap for a batch of one, and what came to be while one was waited for is seen.

-- As before; a single lane needs no sorting, which was a twelfth of a batch of one.
CREATE OR REPLACE FUNCTION rollgate.enter_lanes(VARIADIC p_lanes int[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_lanes int[] := p_lanes;
  v_lane  int;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'rollgate decides under READ COMMITTED only, not %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state',
            HINT = 'A snapshot older than the lane lock would not see the grants it must count.';
  END IF;
  -- In ascending order, so that batches which share lanes can't wait for each other.
  IF cardinality(p_lanes) > 1 THEN
    v_lanes := ARRAY(SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l);
  END IF;
  FOREACH v_lane IN ARRAY v_lanes LOOP
    PERFORM pg_advisory_xact_lock(7605, v_lane);
  END LOOP;
END $$;

-- As before, but asks the table of tables: an advisory lock takes no notice of what others committed meanwhile, so that the
-- catalog's cache still said "no such table" to the second of two nodes, and its CREATE TABLE failed with 42P07.
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

SELECT rollgate.hand_over();
