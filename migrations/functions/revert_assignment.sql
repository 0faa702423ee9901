-- As in rollgate.revert. The inverse of an assignment ends it, and gives the account back the plan that it ended.
CREATE OR REPLACE FUNCTION rollgate.revert_assignment(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old   rollgate.plan_assignment;
  v_new   rollgate.plan_assignment;
  v_ended rollgate.history;          -- the change by which the assignment ended the one before it
  v_back  rollgate.plan_assignment;  -- the one before it, as it will be
BEGIN
  PERFORM rollgate.need_limits_role(p_by);
  SELECT * INTO v_old FROM rollgate.plan_assignment WHERE id = p_done.target;
  v_new := v_old;
  IF p_done.before IS NULL THEN
    v_new.ends_at := p_ledger.history_at;
    v_new.starts_at := least(v_old.starts_at, p_ledger.history_at - interval '1 microsecond');
    SELECT h.* INTO v_ended FROM rollgate.history h
    WHERE h.id = p_done.id - 1 AND h.kind = 'assignment' AND h.action = 'end' AND h.account = p_done.account AND h.at = p_done.at
      AND rollgate.unexpired((h.before ->> 'endsAt')::timestamptz, p_ledger.history_at);
  ELSE
    v_new.starts_at := p_done.before ->> 'startsAt';
    v_new.ends_at := p_done.before ->> 'endsAt';
    PERFORM rollgate.refuse_second_plan(v_new, p_by, p_ledger.history_at);
  END IF;
  IF v_ended.id IS NULL THEN
    lowered := rollgate.lowered_by_assignment(v_new, p_ledger.history_at);
  ELSE
    IF rollgate.changed_since(v_ended, v_ended.id) IS NOT NULL THEN
      RAISE EXCEPTION 'The assignment before it, %, was changed since.', v_ended.target USING ERRCODE = 'RG409';
    END IF;
    SELECT * INTO v_back FROM rollgate.plan_assignment WHERE id = v_ended.target;
    v_back.ends_at := v_ended.before ->> 'endsAt';
    lowered := rollgate.lowered_by_assignment(v_back, p_ledger.history_at, v_old.id);
  END IF;
  history_id := (rollgate.put_assignment(v_old, v_new, 'undo', p_reason, p_by, p_ledger, p_done.id, lowered)).history_id;
  IF v_ended.id IS NOT NULL THEN
    PERFORM rollgate.revert_assignment(v_ended, p_reason, p_by, p_ledger);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.revert_assignment IS 'Applies the inverse of the newest change of an assignment';
