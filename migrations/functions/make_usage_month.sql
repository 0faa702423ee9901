-- Creates the partitions of the month (UTC) of p_at, in the same way as rollgate.make_event_day. Only rollgate.roll_up_step calls it,
-- and one session at a time.
CREATE OR REPLACE FUNCTION rollgate.make_usage_month(p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_month date := date_trunc('month', p_at AT TIME ZONE 'UTC');
  v_table text;
  v_name  text;
  v_made  boolean := false;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['usage_hour', 'denial_hour'] LOOP
    v_name := v_table || '_' || to_char(v_month, 'YYYYMM');
    CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relname = v_name AND c.relnamespace = 'rollgate'::regnamespace);
    EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.%I INCLUDING ALL EXCLUDING COMMENTS)', v_name, v_table);
    EXECUTE format('ALTER TABLE rollgate.%I ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
      v_table, v_name, v_month || ' 00:00:00+00', (v_month + interval '1 month')::date || ' 00:00:00+00');
    v_made := true;
  END LOOP;
  RETURN v_made;
END $$;

COMMENT ON FUNCTION rollgate.make_usage_month IS 'Creates the partitions of a month if they are missing; returns whether it did';
