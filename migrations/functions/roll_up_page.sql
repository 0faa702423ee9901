-- Does one page of the roll-up's present stage, and writes where to continue. The transaction ends before the next page if nothing is due,
-- if something else must end first, or if the seal of an hour must be committed.
CREATE OR REPLACE FUNCTION rollgate.roll_up_page(
  p_keep_days int,
  p_now       timestamptz,
  p_rows      int,
  OUT did     text,     -- as in rollgate.roll_up_step
  OUT held_up boolean,  -- something else must end first
  OUT ends    boolean   -- the transaction must end before the next page
)
LANGUAGE plpgsql AS $$
DECLARE
  v rollgate.roll_up;
BEGIN
  SELECT * INTO v FROM rollgate.roll_up;
  held_up := false;
  ends := false;
  CASE v.stage
    WHEN 'waiting' THEN
      did := rollgate.begin_stage(v, p_keep_days, p_now);
      ends := did IS NULL OR EXISTS (SELECT FROM rollgate.roll_up r WHERE r.stage = 'sealing');
      IF did = 'held up' THEN
        did := NULL;
        held_up := true;
        ends := true;
      END IF;
    WHEN 'sealing' THEN
      held_up := NOT rollgate.hour_is_sealed(v);
      ends := held_up;
      did := CASE WHEN NOT held_up THEN 'sealed ' || rollgate.utc(v.hour) END;
    WHEN 'units' THEN
      did := 'units';
      v.subject := rollgate.roll_up_units(v.hour, v.lane, v.subject, p_rows);
      UPDATE rollgate.roll_up r
      SET lane = CASE WHEN v.subject IS NULL THEN v.lane + 1 ELSE v.lane END, subject = coalesce(v.subject, ''),
          stage = CASE WHEN v.subject IS NULL AND v.lane = 63 THEN 'denials' ELSE 'units' END;
    WHEN 'denials' THEN
      did := 'denials';
      v.minute := rollgate.roll_up_denials(v.hour, v.minute, p_rows * 10);
      UPDATE rollgate.roll_up SET minute = v.minute;
      IF v.minute = v.hour + interval '1 hour' THEN
        PERFORM rollgate.end_hour(v);
      END IF;
    WHEN 'day' THEN
      did := 'day';
      v.series := rollgate.roll_up_day(v.day, v.series, p_rows);
      UPDATE rollgate.roll_up r
      SET series = v.series, stage = CASE WHEN v.series IS NULL THEN 'waiting' ELSE 'day' END,
          days_to = CASE WHEN v.series IS NULL THEN greatest(r.days_to, v.day + 1) ELSE r.days_to END;
  END CASE;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_page IS 'Does one page of the roll-up; called only by rollgate.roll_up_step';
