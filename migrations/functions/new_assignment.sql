-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.assign_plan. Writes nothing.
CREATE OR REPLACE FUNCTION rollgate.new_assignment(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger)
RETURNS rollgate.plan_assignment
LANGUAGE plpgsql AS $$
DECLARE
  v_new   rollgate.plan_assignment;
  v_first timestamptz := p_ledger.history_at;  -- the earliest possible start
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'plan', 'starts_at', 'ends_at', 'reason', 'ticket', 'backdated',
    'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.plan_assignment, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  IF (p_spec ->> 'backdated')::boolean THEN
    SELECT coalesce(max(least(a.ends_at, p_ledger.history_at)), '-infinity') INTO v_first
    FROM rollgate.plan_assignment a WHERE a.account = v_new.account AND a.starts_at <= p_ledger.history_at;
  -- Allow a minute for different clocks and for the time a form takes.
  ELSIF v_new.starts_at < p_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  IF (rollgate.plan_at(v_new.plan)).retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'The plan "%" is retired.', v_new.plan USING ERRCODE = 'RG409';
  END IF;
  v_new.starts_at := greatest(coalesce(v_new.starts_at, p_ledger.history_at), v_first);
  v_new.id := 'asg_' || nextval('rollgate.plan_assignment_number');
  v_new.reason := btrim(v_new.reason);
  v_new.created_by := p_by.actor;
  v_new.created_at := p_ledger.history_at;
  v_new.changed_at := p_ledger.history_at;
  v_new.changed_in := p_ledger.policy_version;
  PERFORM rollgate.settle_assignment(v_new, p_by, p_ledger.history_at);
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.new_assignment IS
  'The assignment that a specification describes, not stored. Errors: RG403 above the approval limit, RG404, RG409 retired plan or a later '
  'assignment, RG422';
