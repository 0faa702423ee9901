-- Requires the ledger's lock (rollgate.open_ledger). The assignment that is in force at its start ends there.
CREATE OR REPLACE FUNCTION rollgate.store_assignment(
  p_new     rollgate.plan_assignment,  -- from rollgate.new_assignment
  p_lowered jsonb,                     -- items of rollgate.lowering
  p_by      rollgate.author,
  p_ledger  rollgate.ledger
) RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new   rollgate.plan_assignment;
  v_old   rollgate.plan_assignment;
  v_ended rollgate.plan_assignment;
BEGIN
  FOR v_old IN SELECT * FROM rollgate.plan_assignment a
    WHERE a.account = p_new.account AND rollgate.in_force(a.starts_at, a.ends_at, p_new.starts_at)
  LOOP
    v_ended := v_old;
    v_ended.ends_at := p_new.starts_at;
    PERFORM rollgate.put_assignment(v_old, v_ended, 'end', p_new.reason, p_by, p_ledger);
  END LOOP;
  INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, ends_at, reason, ticket,
    created_by, created_at, changed_at, changed_in)
  VALUES (p_new.id, p_new.account, p_new.plan, p_new.starts_at, p_new.ends_at,
    p_new.reason, p_new.ticket, p_new.created_by, p_new.created_at, p_new.changed_at, p_ledger.policy_version)
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('assignment', 'assign', v_new.id, v_new.account, p_by, NULL,
    rollgate.assignment_facts(v_new) || rollgate.lowered_facts(p_lowered) || rollgate.backdated_facts(v_new.starts_at, v_new.created_at),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.plan_assignment SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.store_assignment IS
  'Stores a new assignment, ends the one before it, and records both; returns it as it is now';
