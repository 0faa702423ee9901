-- One step of an import: creates assignments of plans, all in one batch. Each row is checked as if it were created by itself, after
-- the rows before it. A row that is refused is returned with its refusal and is not stored; the caller then rolls the transaction back.
-- Generic plans: planning the same statements for each row took more than half of the time.
CREATE OR REPLACE FUNCTION rollgate.import_assignments(
  p_batch text,   -- of this transaction's earlier steps; NULL: begins one
  p_specs jsonb,  -- a list; each as in rollgate.assign_plan
  p_by    rollgate.author
) RETURNS TABLE (
  n       int,     -- position in p_specs, from 1
  batch   text,
  changed rollgate.plan_assignment,  -- as stored, or as it would be; NULL: refused before that was known
  lowered jsonb,   -- the limits that it lowers: items of rollgate.lowering; NULL: none
  refusal text,    -- SQLSTATE; NULL: stored
  message text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_batch(p_batch);
  v_spec   jsonb;
  v_case   text;
  v_known  jsonb := '{}';  -- what rows of each case lower: most rows of a file differ only in the account
BEGIN
  batch := v_ledger.batch;
  FOR n, v_spec IN SELECT s.n, s.spec FROM jsonb_array_elements(p_specs) WITH ORDINALITY s (spec, n) LOOP
    changed := NULL;
    lowered := NULL;
    refusal := NULL;
    message := NULL;
    -- Nothing is written in this block, so it needs no transaction ID of its own.
    BEGIN
      changed := rollgate.new_assignment(v_spec, p_by, v_ledger);
      v_case := jsonb_build_array(rollgate.policy_of(changed.account, v_ledger.history_at), changed.plan, changed.starts_at,
        changed.ends_at)::text;
      IF v_known ? v_case THEN
        lowered := nullif(v_known -> v_case, 'null');
      ELSE
        lowered := rollgate.lowered_by_assignment(changed, v_ledger.history_at);
        v_known := v_known || jsonb_build_object(v_case, lowered);
      END IF;
      PERFORM rollgate.refuse_lowering(lowered, (v_spec ->> 'allow_lowering')::boolean);
    EXCEPTION WHEN SQLSTATE 'RG403' OR SQLSTATE 'RG404' OR SQLSTATE 'RG409' OR SQLSTATE 'RG422' THEN
      refusal := SQLSTATE;
      message := SQLERRM;
    END;
    IF refusal IS NULL THEN
      changed := rollgate.store_assignment(changed, lowered, p_by, v_ledger);
      -- Each has its own version: among equals the newest applies.
      v_ledger.policy_version := v_ledger.policy_version + 1;
    END IF;
    RETURN NEXT;
  END LOOP;
  PERFORM rollgate.close_batch(v_ledger.policy_version);
END $$;

COMMENT ON FUNCTION rollgate.import_assignments IS
  'One step of an import: creates assignments of plans in one batch; a row that is refused is returned with its refusal, and '
  'then the caller rolls the transaction back';
