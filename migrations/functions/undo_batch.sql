-- Applies the inverses of all changes of a batch, newest first, as a new batch; all of them or none.
-- Generic plans, as in rollgate.import_overrides.
CREATE OR REPLACE FUNCTION rollgate.undo_batch(
  p_batch          text,
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT batch         text,   -- of the changes by this undo
  OUT changes       int,    -- their number
  OUT lowered       jsonb,  -- the first of the limits that they lower: items of rollgate.lowering, whose text begins with the account
  OUT lowered_count int
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  c_listed   constant int := 100;
  c_own      constant text[] := '{id,account,reason,ticket,createdBy,requestId,version}';  -- facts that set no limit
  v_ledger   rollgate.ledger := rollgate.open_batch(NULL);
  v_done     rollgate.history;
  v_lowered  jsonb;
  v_items    jsonb;
  v_consents int := 0;
  v_case     text;           -- of the change: what its undo lowers depends on this alone
  v_last     text;           -- of the change before it; most changes of an import differ only in the account
  v_known    jsonb;          -- what the undo of that one lowered
BEGIN
  PERFORM rollgate.refuse_changed_batch(p_batch);
  batch := v_ledger.batch;
  lowered := '[]';
  lowered_count := 0;
  FOR v_done IN SELECT * FROM rollgate.history h WHERE h.batch = p_batch ORDER BY h.id DESC LOOP
    -- The undo of an assignment has also undone the end of the one before it.
    CONTINUE WHEN EXISTS (SELECT FROM rollgate.history h
      WHERE h.kind = v_done.kind AND h.target = v_done.target AND h.id > v_done.id AND h.undoes = v_done.id AND h.batch = v_ledger.batch);
    v_case := CASE WHEN v_done.kind = 'override' THEN jsonb_build_array(rollgate.policy_of(v_done.account, v_ledger.history_at),
      v_done.before - c_own, v_done.after - c_own)::text END;
    v_lowered := (rollgate.revert(v_done, p_reason, p_by, v_ledger, CASE WHEN v_case = v_last THEN v_known END)).lowered;
    v_last := v_case;
    v_known := coalesce(v_lowered, 'null');
    v_ledger.policy_version := v_ledger.policy_version + 1;
    CONTINUE WHEN v_lowered IS NULL;
    lowered_count := lowered_count + jsonb_array_length(v_lowered);
    IF rollgate.undo_needs_consent(v_done) THEN
      v_consents := v_consents + jsonb_array_length(v_lowered);
    END IF;
    IF jsonb_array_length(lowered) < c_listed THEN
      SELECT jsonb_agg(i.item || jsonb_build_object('text', concat_ws(': ', v_done.account, i.item ->> 'text')) ORDER BY i.n)
      INTO v_items FROM jsonb_array_elements(v_lowered) WITH ORDINALITY i (item, n)
      WHERE i.n <= c_listed - jsonb_array_length(lowered);
      lowered := lowered || v_items;
    END IF;
  END LOOP;
  IF v_consents > 0 THEN
    PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering, lowered_count);
  END IF;
  PERFORM rollgate.close_batch(v_ledger.policy_version);
  SELECT count(*) INTO changes FROM rollgate.history h WHERE h.batch = v_ledger.batch;
END $$;

COMMENT ON FUNCTION rollgate.undo_batch IS
  'Applies the inverses of all changes of a batch, as a new batch. Errors: RG403, RG404, RG409 an item of it was changed since, or it '
  'lowers a limit in force, RG422';
