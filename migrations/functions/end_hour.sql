-- The hour is complete, for the first time or again. Its day is due when it was the last hour of the day, or when the day was complete.
CREATE OR REPLACE FUNCTION rollgate.end_hour(v rollgate.roll_up) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_day date := (v.hour AT TIME ZONE 'UTC')::date;
  v_to  timestamptz := greatest(v.rolled_to, v.hour + interval '1 hour');
BEGIN
  UPDATE rollgate.roll_up SET rolled_to = v_to, stage = 'waiting';
  IF v_day < (v_to AT TIME ZONE 'UTC')::date THEN
    INSERT INTO rollgate.usage_day_due VALUES (v_day) ON CONFLICT DO NOTHING;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.end_hour IS 'Ends the roll-up of an hour';
