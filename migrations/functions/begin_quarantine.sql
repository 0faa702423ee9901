-- A quarantine lasts as long as a unit counts in the minute window. After that, every unit in the window was granted after it began.
CREATE OR REPLACE FUNCTION rollgate.begin_quarantine(p_reason text, p_noticed_by text) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO rollgate.quarantine (since, until, reason, noticed_by)
  SELECT t.now, t.now + make_interval(secs => rollgate.window_buckets('minute')), p_reason, p_noticed_by
  FROM (SELECT clock_timestamp() AS now) t
$$;

COMMENT ON FUNCTION rollgate.begin_quarantine IS 'Starts a quarantine: every instance grants half limits';
