CREATE OR REPLACE FUNCTION rollgate.lane_holders() RETURNS text[]
LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}') FROM pg_locks l
  WHERE l.locktype = 'advisory' AND l.classid = 7605 AND l.objsubid = 2 AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

COMMENT ON FUNCTION rollgate.lane_holders IS 'Transactions that hold a lane''s lock now';
