-- An instance reports that the database's clock went further ahead than the instance's own monotonic clock. The instance's clock may
-- be the wrong one (a virtual machine that was suspended), so the report alone is not enough. If the database's clock skipped some
-- seconds, no instance called sync_instance in them. A call in one of those seconds refutes the report. With a single instance there is
-- no other evidence, and its report is accepted.
CREATE OR REPLACE FUNCTION rollgate.report_clock_jump(
  p_instance   text,
  p_heard_ms   float8,  -- the last time that the instance got from the database, Unix ms
  p_elapsed_ms float8   -- time since then on the instance's own clock
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_heard timestamptz := to_timestamp(p_heard_ms / 1000);
  v_step  interval := v_now - v_heard - make_interval(secs => p_elapsed_ms / 1000);
BEGIN
  IF p_elapsed_ms < 0 OR v_step < interval '1 second' THEN
    RETURN false;
  END IF;
  -- A jump that is older than a minute window no longer affects one.
  IF NOT EXISTS (
    SELECT FROM (
      SELECT t.at, t.at - lag(t.at) OVER (ORDER BY t.at) AS gap FROM (
        SELECT v_heard AS at
        UNION ALL SELECT s.at FROM rollgate.second_seen s WHERE s.at > v_heard AND s.at < v_now
        UNION ALL SELECT v_now
      ) t
    ) g
    -- Allow 250 ms for the delivery of the answer from which the instance last got the time.
    WHERE g.gap >= v_step - interval '250 milliseconds' AND g.at > v_now - make_interval(secs => rollgate.window_buckets('minute'))
  ) THEN
    RETURN false;
  END IF;
  -- Another instance has just reported the same jump.
  IF NOT EXISTS (SELECT FROM rollgate.quarantine q WHERE q.since > v_heard AND q.since <= v_now AND q.until > v_now) THEN
    PERFORM rollgate.begin_quarantine(format('the database''s clock went %s ms ahead', round(extract(epoch FROM v_step) * 1000)),
      p_instance);
  END IF;
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.report_clock_jump IS
  'Begins a quarantine unless calls of other instances refute the jump; returns whether the jump was accepted';
