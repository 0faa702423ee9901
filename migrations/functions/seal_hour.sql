-- Seals the hour that begins at p_hour: from now on no unit is counted in it, and a limit event of it is noted as late.
--
-- Lanes: later decisions use the end of the hour as their least time (rollgate.lane), whatever the clock does. A decision that is under
-- way may not have seen that, so the caller waits until the transactions that hold a lane's lock now have ended (lane_holders). No lane is
-- waited for.
-- Events: rollgate.write_events holds a shared lock on the hour from before it reads sealed_to until it ends. Returns false while one does.
CREATE OR REPLACE FUNCTION rollgate.seal_hour(p_hour timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_end timestamptz := p_hour + interval '1 hour';
BEGIN
  IF NOT pg_try_advisory_xact_lock(7609, rollgate.hour_number(p_hour)) THEN
    RETURN false;
  END IF;
  INSERT INTO rollgate.lane AS l SELECT g, extract(epoch FROM v_end) FROM generate_series(0, 63) g
  ON CONFLICT (lane) DO UPDATE SET swept_to = excluded.swept_to WHERE l.swept_to < excluded.swept_to;
  UPDATE rollgate.roll_up SET sealed_to = v_end, hour = p_hour, stage = 'sealing', blockers = NULL;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.seal_hour IS
  'Ends the counting of units and events in an hour; false: events of it are being written, try again';
