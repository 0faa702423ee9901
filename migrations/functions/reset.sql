CREATE OR REPLACE FUNCTION rollgate.reset(
  p_lane    int,
  p_subject text,
  p_actor   text DEFAULT NULL  -- the application's name
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  PERFORM rollgate.empty_windows(p_lane, p_subject, NULL, p_actor);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';
