-- Appends one row to the history. Requires the ledger's lock (rollgate.open_ledger). Returns the ID of the row.
CREATE OR REPLACE FUNCTION rollgate.record(
  p_kind    text,                 -- as in rollgate.history
  p_action  text,
  p_target  text,
  p_account text,
  p_by      rollgate.author,
  p_before  jsonb,
  p_after   jsonb,
  p_reason  text,
  p_ticket  text            DEFAULT NULL,
  p_undoes  bigint          DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_row  rollgate.history;
  v_last rollgate.history;
BEGIN
  SELECT l.history_id + 1, l.history_at, l.history_hash, l.batch INTO v_row.id, v_row.at, v_row.previous_hash, v_row.batch
  FROM rollgate.ledger l FOR UPDATE;
  IF v_row.batch IS NOT NULL THEN
    -- Until the end of the step (rollgate.close_batch) the ledger knows only the end of the history before it.
    SELECT * INTO v_last FROM rollgate.history h WHERE h.batch = v_row.batch AND h.id >= v_row.id ORDER BY h.id DESC LIMIT 1;
    IF found THEN
      v_row.id := v_last.id + 1;
      v_row.previous_hash := v_last.hash;
    END IF;
  END IF;
  v_row.kind := p_kind;
  v_row.action := p_action;
  v_row.target := p_target;
  v_row.account := p_account;
  v_row.actor := p_by.actor;
  v_row.role := p_by.role;
  v_row.address := p_by.address;
  v_row.request_id := p_by.request_id;
  v_row.before := p_before;
  v_row.after := p_after;
  v_row.reason := p_reason;
  v_row.ticket := p_ticket;
  v_row.undoes := p_undoes;
  v_row.hash := rollgate.history_hash(v_row);
  INSERT INTO rollgate.history SELECT v_row.*;
  IF v_row.batch IS NULL THEN
    UPDATE rollgate.ledger SET history_id = v_row.id, history_hash = v_row.hash;
  END IF;
  RETURN v_row.id;
END $$;

COMMENT ON FUNCTION rollgate.record IS 'Appends one row to the history; the caller must hold the ledger''s lock';
