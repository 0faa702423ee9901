-- One step of maintaining the event partitions, in a transaction of its own, so that no lock is held for longer than one step. It
-- creates the first missing day among today and the next p_ahead days; if none is missing, it drops the oldest day past
-- p_keep_days; if there is none, it removes old rows of rollgate.freeing. Dropping a partition needs an exclusive lock on the table
-- for a moment, and other sessions queue behind that request. The step therefore gives up after lock_timeout; call it again later.
CREATE OR REPLACE FUNCTION rollgate.maintain_events(
  p_keep_days int, p_ahead int, p_now timestamptz DEFAULT NULL,
  OUT did     text,     -- e.g. 'made limit_event_20260101', 'dropped …', 'removed …'; NULL: nothing to do
  OUT held_up boolean   -- another instance is doing it, or a session is using the table: try again later
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  v_now  timestamptz := coalesce(p_now, clock_timestamp());
  v_day  date := (v_now AT TIME ZONE 'UTC')::date;
  v_name text;
  v_rows int;
BEGIN
  IF p_keep_days < 1 OR p_ahead < 1 THEN
    RAISE EXCEPTION 'rollgate.maintain_events: p_keep_days and p_ahead must be at least 1' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  held_up := NOT pg_try_advisory_xact_lock(7607, 0);
  IF held_up THEN
    RETURN;
  END IF;
  FOR i IN 0 .. p_ahead LOOP
    IF rollgate.make_event_day(v_day + i) THEN
      did := 'made limit_event_' || to_char(v_day + i, 'YYYYMMDD');
      RETURN;
    END IF;
  END LOOP;
  SELECT c.relname INTO v_name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'rollgate.limit_event_row'::regclass AND c.relname ~ '^limit_event_\d{8}$'
    AND to_date(right(c.relname, 8), 'YYYYMMDD') < v_day - p_keep_days
  ORDER BY c.relname
  LIMIT 1;
  IF v_name IS NOT NULL THEN
    -- Lock the parent first, as readers do. Do not wait for the partition while the parent is locked.
    LOCK TABLE ONLY rollgate.limit_event_row IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE rollgate.%I IN ACCESS EXCLUSIVE MODE NOWAIT', v_name);
    EXECUTE format('DROP TABLE rollgate.%I', v_name);
    did := 'dropped ' || v_name;
    RETURN;
  END IF;
  DELETE FROM rollgate.freeing f WHERE f.ctid = ANY (ARRAY(
    SELECT o.ctid FROM rollgate.freeing o
    WHERE o.at < v_now - greatest(interval '2 days', (SELECT max(keep_seconds) * interval '1 second' FROM rollgate.retention))
    LIMIT 1000));
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  IF v_rows > 0 THEN
    did := format('removed %s old rows of freeing', v_rows);
  END IF;
EXCEPTION
  WHEN lock_not_available THEN
    did := NULL;
    held_up := true;
END $$;

COMMENT ON FUNCTION rollgate.maintain_events IS
  'One step of creating event partitions ahead of time and dropping those past retention; call it until it reports nothing done';
