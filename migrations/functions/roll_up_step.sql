-- One step of the roll-up, a transaction of its own that works for p_ms (at least one page). Call it again until it reports nothing done;
-- after a downtime that is hour by hour. An hour is rolled up two minutes after its end, when the instances have written its events; what
-- arrives later is followed in a later step.
--
-- For each hour: seal it, wait for the decisions that were under way, add up the units of each lane, add up the denials. Where to continue
-- is written with the sums, in one transaction, so each page counts once.
CREATE OR REPLACE FUNCTION rollgate.roll_up_step(
  p_keep_days    int,                       -- how long usage by hour is kept
  p_keep_seconds int,                       -- how long finished minutes are kept
  p_now          timestamptz DEFAULT NULL,
  p_rows         int DEFAULT 2000,          -- rows of a page
  p_ms           int DEFAULT 100,
  OUT did       text,         -- e.g. 'sealed 2026-01-01 09:00:00 UTC; units; denials'; NULL: nothing to do
  OUT held_up   boolean,      -- another session is doing it, or something has not ended yet: try again later
  OUT rolled_to timestamptz   -- hours before this one are complete
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := coalesce(p_now, clock_timestamp());
  v_until timestamptz := clock_timestamp() + p_ms * interval '1 millisecond';
  v_page  record;
  v_last  text;
BEGIN
  held_up := NOT pg_try_advisory_xact_lock(7610, 0);
  IF held_up THEN
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM rollgate.roll_up) THEN
    PERFORM rollgate.begin_roll_up(p_keep_seconds, v_now);
    did := 'began';
  END IF;
  LOOP
    v_page := rollgate.roll_up_page(p_keep_days, v_now, p_rows);
    IF v_page.did <> coalesce(v_last, '') THEN
      v_last := v_page.did;
      did := concat_ws('; ', did, v_last);
    END IF;
    EXIT WHEN v_page.ends OR clock_timestamp() > v_until;
  END LOOP;
  held_up := v_page.held_up AND did IS NULL;
  UPDATE rollgate.roll_up SET stepped_at = CASE WHEN held_up THEN stepped_at ELSE v_now END RETURNING rolled_to INTO rolled_to;
EXCEPTION
  WHEN lock_not_available THEN
    did := NULL;
    held_up := true;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_step IS
  'One step of adding up usage by hour and by day; call it until it reports nothing done';
