-- On Citus a lane is locked by its row of rollgate.lane, on the server that has the lane. An advisory lock would belong to one server: a
-- decision on a worker and a refund on the coordinator would not see each other's. Updating the row also keeps its shard from moving until
-- the transaction ends.
CREATE OR REPLACE FUNCTION rollgate.enter_lanes(VARIADIC p_lanes int[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_lane int;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'rollgate decides under READ COMMITTED only, not %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state',
            HINT = 'A snapshot older than the lane lock would not see the grants it must count.';
  END IF;
  -- In ascending order, so that batches with common lanes can't deadlock.
  FOR v_lane IN SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l LOOP
    UPDATE rollgate.lane SET swept_to = swept_to WHERE lane = v_lane;
    IF NOT found THEN
      INSERT INTO rollgate.lane (lane, swept_to) VALUES (v_lane, 0) ON CONFLICT (lane) DO UPDATE SET swept_to = lane.swept_to;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION rollgate.try_lane(p_lane int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM rollgate.lane WHERE lane = p_lane FOR UPDATE NOWAIT;
  PERFORM rollgate.enter_lanes(p_lane);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

-- rollgate.seal_hour waits for the row of each lane, so no decision that began before it is left to wait for.
CREATE OR REPLACE FUNCTION rollgate.lane_holders() RETURNS text[]
LANGUAGE sql VOLATILE AS $$ SELECT '{}'::text[] $$;
