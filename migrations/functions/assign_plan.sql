-- Assigns a plan to an account, from starts_at (default: now) until ends_at (default: no end). The assignment that is in force at its
-- start ends there. p_spec names account, plan, starts_at, ends_at, reason, ticket, and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.assign_plan(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.plan_assignment,  -- with the history_id of this change
  OUT lowered jsonb                      -- the account's limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_new    rollgate.plan_assignment;
  v_old    rollgate.plan_assignment;
  v_ended  rollgate.plan_assignment;
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'plan', 'starts_at', 'ends_at', 'reason', 'ticket', 'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.plan_assignment, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_new.starts_at < v_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  v_new.starts_at := greatest(v_new.starts_at, v_ledger.history_at);
  PERFORM rollgate.settle_assignment(v_new, p_by, v_ledger.history_at);
  lowered := rollgate.lowered_by_assignment(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  FOR v_old IN SELECT * FROM rollgate.plan_assignment a
    WHERE a.account = v_new.account AND rollgate.in_force(a.starts_at, a.ends_at, v_new.starts_at)
  LOOP
    v_ended := v_old;
    v_ended.ends_at := v_new.starts_at;
    PERFORM rollgate.put_assignment(v_old, v_ended, v_new.reason, p_by, v_ledger);
  END LOOP;
  INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, ends_at, reason, ticket,
    created_by, created_at, changed_at, changed_in)
  VALUES ('asg_' || nextval('rollgate.plan_assignment_number'), v_new.account, v_new.plan, v_new.starts_at, v_new.ends_at,
    btrim(v_new.reason), v_new.ticket, p_by.actor, v_ledger.history_at, v_ledger.history_at, v_ledger.policy_version)
  RETURNING * INTO changed;
  changed.history_id := rollgate.record('assignment', 'assign', changed.id, changed.account, p_by, NULL,
    rollgate.assignment_facts(changed) || rollgate.lowered_facts(lowered), changed.reason, changed.ticket);
  UPDATE rollgate.plan_assignment SET history_id = changed.history_id WHERE id = changed.id;
END $$;

COMMENT ON FUNCTION rollgate.assign_plan IS
  'Assigns a plan to an account and ends the assignment before it; p_spec: {account, plan, starts_at, ends_at, reason, ticket, '
  'allow_lowering}. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit, or overlaps a later assignment, or the plan '
  'is retired, RG422';
