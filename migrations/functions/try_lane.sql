-- Takes a lane's lock until the end of the transaction, if it is free. The janitor never waits for a decision.
CREATE OR REPLACE FUNCTION rollgate.try_lane(p_lane int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_try_advisory_xact_lock(7605, p_lane);
END $$;

COMMENT ON FUNCTION rollgate.try_lane IS 'Takes a lane''s lock until the end of the transaction, without waiting; false: it is in use';
