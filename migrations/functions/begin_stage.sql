-- Chooses what the roll-up does next, in this order: refunds of rolled hours, events that came late, a day that is complete, the next
-- hour, a month past retention. Returns what it did or began; NULL: nothing is due; 'held up': events of the hour are being written.
CREATE OR REPLACE FUNCTION rollgate.begin_stage(
  v           rollgate.roll_up,
  p_keep_days int,
  p_now       timestamptz
) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  c_delay  constant interval := '2 minutes';
  v_count  int := rollgate.roll_up_refunds(v.rolled_to);
  v_hour   timestamptz;
  v_day    date;
BEGIN
  IF v_count > 0 THEN
    RETURN v_count || ' refunds';
  END IF;
  -- An event of a month that is dropped, or about to be, is no longer added up.
  DELETE FROM rollgate.usage_late l WHERE l.hour < date_trunc('month', p_now - p_keep_days * interval '1 day', 'UTC');
  SELECT min(l.hour) INTO v_hour FROM rollgate.usage_late l WHERE l.hour < v.rolled_to;
  IF v_hour IS NOT NULL THEN
    PERFORM rollgate.make_usage_month(v_hour);
    UPDATE rollgate.roll_up SET stage = 'denials', hour = v_hour, minute = v_hour;
    RETURN 'late events of ' || rollgate.utc(v_hour);
  END IF;
  DELETE FROM rollgate.usage_day_due d
  WHERE d.day = (SELECT min(m.day) FROM rollgate.usage_day_due m WHERE m.day < (v.rolled_to AT TIME ZONE 'UTC')::date)
  RETURNING d.day INTO v_day;
  IF v_day IS NOT NULL THEN
    UPDATE rollgate.roll_up SET stage = 'day', day = v_day, series = 0;
    RETURN 'began day ' || v_day;
  END IF;
  IF v.rolled_to + interval '1 hour' + c_delay <= p_now THEN
    PERFORM rollgate.make_usage_month(v.rolled_to);
    RETURN CASE WHEN rollgate.seal_hour(v.rolled_to) THEN 'began ' || rollgate.utc(v.rolled_to) ELSE 'held up' END;
  END IF;
  RETURN 'dropped ' || rollgate.drop_usage_month(p_keep_days, p_now);
END $$;

COMMENT ON FUNCTION rollgate.begin_stage IS 'Chooses and begins the next stage of the roll-up; returns what it began; NULL: nothing is due';
