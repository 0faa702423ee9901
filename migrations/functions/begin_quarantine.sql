-- After 61 s every unit of the minute was granted since.
CREATE OR REPLACE FUNCTION rollgate.begin_quarantine(p_reason text, p_noticed_by text) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO rollgate.quarantine (since, until, reason, noticed_by)
  SELECT t.now, t.now + interval '61 seconds', p_reason, p_noticed_by FROM (SELECT clock_timestamp() AS now) t
$$;

COMMENT ON FUNCTION rollgate.begin_quarantine IS 'Half limits on every instance from now on';
