-- Replaces the times of an assignment with those of p_new. Requires the ledger's lock (rollgate.open_ledger).
CREATE OR REPLACE FUNCTION rollgate.put_assignment(
  p_old     rollgate.plan_assignment,
  p_new     rollgate.plan_assignment,
  p_action  text,  -- end or undo
  p_reason  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.plan_assignment;
BEGIN
  UPDATE rollgate.plan_assignment a
  SET starts_at = p_new.starts_at, ends_at = p_new.ends_at, reason = btrim(p_reason), changed_at = p_ledger.history_at,
      version = a.version + 1, changed_in = p_ledger.policy_version
  WHERE a.id = p_old.id
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('assignment', p_action, v_new.id, v_new.account, p_by, rollgate.assignment_facts(p_old),
    rollgate.assignment_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), v_new.ticket, p_undoes);
  UPDATE rollgate.plan_assignment SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;
