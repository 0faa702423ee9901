-- Applies the inverse of one change, if the item has not changed since. Undoing the creation of an override expires it, as its name
-- implies; any other undo that lowers a limit needs p_allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.undo(
  p_history_id     bigint,  -- the change to undo
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT history_id bigint,  -- of this change
  OUT lowered    jsonb    -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_done   rollgate.history;
BEGIN
  SELECT * INTO v_done FROM rollgate.history WHERE id = p_history_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no change %.', p_history_id USING ERRCODE = 'RG404';
  END IF;
  IF rollgate.changed_since(v_done, p_history_id) IS NOT NULL THEN
    RAISE EXCEPTION 'A later change exists. Undo the newest change first.' USING ERRCODE = 'RG409';
  END IF;
  SELECT r.history_id, r.lowered INTO history_id, lowered FROM rollgate.revert(v_done, p_reason, p_by, v_ledger) r;
  IF rollgate.undo_needs_consent(v_done) THEN
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.undo IS
  'Applies the inverse of the newest change of an override, an API, a plan or an assignment. Errors: RG403, RG404, RG409 changed since, '
  'or it lowers a limit in force, RG422';
