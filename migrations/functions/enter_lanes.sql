-- Takes the lanes' locks, so that no other transaction decides in them until this one ends. Must be a statement of its own: only the
-- next statement has a snapshot taken after the lock. (A single statement that locked and read allowed 65 of a limit of 50.)
-- One statement takes all locks: a statement per lane would add a twelfth to the time of a batch of one.
CREATE OR REPLACE FUNCTION rollgate.enter_lanes(VARIADIC p_lanes int[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'rollgate decides under READ COMMITTED only, not %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state',
            HINT = 'A snapshot older than the lane lock would not see the grants it must count.';
  END IF;
  -- In ascending order, so that batches with common lanes can't deadlock.
  PERFORM pg_advisory_xact_lock(7605, sorted.l) FROM (SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l) sorted;
END $$;

COMMENT ON FUNCTION rollgate.enter_lanes IS
  'Takes the lanes'' locks until the end of the transaction; refuses every isolation level but READ COMMITTED';
