-- Applies the inverse of a change whose item has not changed since. Requires the ledger's lock (rollgate.open_ledger). The caller refuses
-- what is lowered without consent: it can list that for several changes at once.
CREATE OR REPLACE FUNCTION rollgate.revert(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_known  jsonb DEFAULT NULL,  -- what it lowers, for the undo of an override, if the caller knows that; JSON null: nothing
  OUT history_id bigint,
  OUT lowered    jsonb    -- items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN p_done.kind = 'override' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_override(p_done, p_reason, p_by, p_ledger, p_known);
    WHEN p_done.kind = 'catalogue' AND p_done.action IN ('change', 'undo') THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_catalogue(p_done, p_reason, p_by, p_ledger);
    WHEN p_done.kind = 'plan' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_plan(p_done, p_reason, p_by, p_ledger);
    WHEN p_done.kind = 'assignment' THEN
      SELECT * INTO history_id, lowered FROM rollgate.revert_assignment(p_done, p_reason, p_by, p_ledger);
    ELSE
      RAISE EXCEPTION 'This kind of change can''t be undone.' USING ERRCODE = 'RG422';
  END CASE;
END $$;

COMMENT ON FUNCTION rollgate.revert IS
  'Applies the inverse of the newest change of an item; returns the history row and the limits that it lowers. Errors: RG403, RG409, RG422';
