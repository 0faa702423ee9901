-- The roll-up begins with the oldest hour of which there are limit events, or whose minutes are all on record, whichever is older; in an
-- empty database with the present hour.
CREATE OR REPLACE FUNCTION rollgate.begin_roll_up(p_keep_seconds int, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_kept  int := greatest(p_keep_seconds, (SELECT max(r.keep_seconds) FROM rollgate.retention r));
  v_units timestamptz := date_trunc('hour', p_now - v_kept * interval '1 second', 'UTC') + interval '1 hour';
  v_first timestamptz := date_trunc('hour', least(v_units, (SELECT min(e.first_at) FROM rollgate.limit_event e)), 'UTC');
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.minutes_on_record) AND NOT EXISTS (SELECT FROM rollgate.limit_event) THEN
    v_first := date_trunc('hour', p_now, 'UTC');
  END IF;
  INSERT INTO rollgate.roll_up (rolled_to, sealed_to, days_to, units_from, stepped_at)
  VALUES (v_first, v_first, (v_first AT TIME ZONE 'UTC')::date, v_units, p_now);
END $$;

COMMENT ON FUNCTION rollgate.begin_roll_up IS 'Makes the row of rollgate.roll_up, with the first hour to roll up';
