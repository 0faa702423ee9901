-- Empties both windows. What was used stays on record, and the subject's clock stays where it is.
CREATE OR REPLACE FUNCTION rollgate.reset(p_lane int, p_subject text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  UPDATE rollgate.counter SET cleared = total, hour_next = NULL WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject) VALUES (p_subject);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';
