-- p_changes names what to change: title, description, limits (all of them, as in rollgate.put_plan_limits), retired (true or false), and
-- allow_lowering. Retiring changes no limit: accounts that have the plan keep it.
CREATE OR REPLACE FUNCTION rollgate.change_plan(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.plan,  -- with the history_id of this change
  OUT lowered jsonb           -- the limits that it lowers: items of rollgate.lowered_by_plan; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.plan := rollgate.plan_at(p_id, p_version);
  v_new    rollgate.plan := v_old;
  v_put    record;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['title', 'description', 'limits', 'retired', 'allow_lowering']);
  v_new.title := btrim(coalesce(p_changes ->> 'title', v_old.title));
  v_new.description := btrim(coalesce(p_changes ->> 'description', v_old.description));
  IF v_new.title = '' THEN
    RAISE EXCEPTION 'title: must not be empty.' USING ERRCODE = 'RG422';
  END IF;
  IF p_changes ? 'retired' THEN
    v_new.retired_at := CASE WHEN (p_changes ->> 'retired')::boolean THEN coalesce(v_old.retired_at, v_ledger.history_at) END;
  END IF;
  v_put := rollgate.put_plan(v_old, v_new, p_changes -> 'limits', p_reason, p_by, v_ledger);
  changed := v_put.changed;
  lowered := v_put.lowered;
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
END $$;

COMMENT ON FUNCTION rollgate.change_plan IS
  'Changes a plan that is at p_version (NULL: any); p_changes: {title, description, limits, retired, allow_lowering}. Errors: RG403 not an '
  'admin, RG404, RG409 it lowers a limit, RG412 another version, RG422';
