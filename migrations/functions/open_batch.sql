-- Opens the ledger (rollgate.open_ledger) for changes that are made together. A batch is made by one transaction, in one or more steps:
-- the first step begins it, the others name it. Each step ends with rollgate.close_batch.
CREATE OR REPLACE FUNCTION rollgate.open_batch(p_batch text /* NULL: begins one */) RETURNS rollgate.ledger
LANGUAGE plpgsql AS $$
DECLARE
  v_ledger rollgate.ledger;
BEGIN
  IF p_batch IS NOT NULL AND NOT EXISTS (
    SELECT FROM rollgate.ledger l WHERE l.batch = p_batch AND l.xmin = pg_current_xact_id()::xid) THEN
    RAISE EXCEPTION 'The batch % is complete.', p_batch USING ERRCODE = 'RG409';
  END IF;
  PERFORM rollgate.open_ledger(true);
  UPDATE rollgate.ledger SET batch = coalesce(p_batch, 'bat_' || nextval('rollgate.batch_number')) RETURNING * INTO v_ledger;
  RETURN v_ledger;
END $$;

COMMENT ON FUNCTION rollgate.open_batch IS
  'Takes the ledger''s lock for changes that are made together; p_batch: continues the batch of this transaction. Errors: RG409 it is '
  'complete';
