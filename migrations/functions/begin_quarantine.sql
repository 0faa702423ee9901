-- A quarantine lasts 61 s. After that, every unit in the minute window was granted after it began.
CREATE OR REPLACE FUNCTION rollgate.begin_quarantine(p_reason text, p_noticed_by text) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO rollgate.quarantine (since, until, reason, noticed_by)
  SELECT t.now, t.now + interval '61 seconds', p_reason, p_noticed_by FROM (SELECT clock_timestamp() AS now) t
$$;

COMMENT ON FUNCTION rollgate.begin_quarantine IS 'Starts a quarantine: every instance grants half limits';
