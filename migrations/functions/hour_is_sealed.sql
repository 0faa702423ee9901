-- Whether every decision that was under way when the hour was sealed has ended. If so, its units may be added up.
CREATE OR REPLACE FUNCTION rollgate.hour_is_sealed(v rollgate.roll_up) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_left text[] := ARRAY(
    SELECT h FROM unnest(rollgate.lane_holders()) h WHERE v.blockers IS NULL OR h = ANY (v.blockers));
BEGIN
  UPDATE rollgate.roll_up r SET blockers = v_left;
  IF v_left <> '{}' THEN
    RETURN false;
  END IF;
  UPDATE rollgate.roll_up r
  SET stage = CASE WHEN v.hour >= v.units_from THEN 'units' ELSE 'denials' END, lane = 0, subject = '', minute = v.hour;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.hour_is_sealed IS
  'Whether the decisions that were under way when the hour was sealed have ended; begins the next stage if so';
