-- Replaces the plan's texts and its retirement with p_new, and its limits with p_limits, and records that. Requires the ledger's lock
-- (rollgate.open_ledger). The caller refuses what is lowered without consent.
CREATE OR REPLACE FUNCTION rollgate.put_plan(
  p_old    rollgate.plan,
  p_new    rollgate.plan,
  p_limits jsonb,  -- as in rollgate.put_plan_limits; NULL: they stay
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  p_undoes bigint DEFAULT NULL,  -- the history row whose change this one reverts
  OUT changed rollgate.plan,
  OUT lowered jsonb              -- items of rollgate.lowered_by_plan; NULL: none
)
LANGUAGE plpgsql AS $$
DECLARE
  v_before jsonb := rollgate.plan_facts(p_old);
BEGIN
  PERFORM rollgate.need_admin(p_by, 'plans');
  PERFORM rollgate.need_reason(p_reason);
  UPDATE rollgate.plan p
  SET title = p_new.title, description = p_new.description, retired_at = p_new.retired_at, version = p.version + 1,
      changed_by = p_by.actor, changed_at = p_ledger.history_at, changed_in = p_ledger.policy_version
  WHERE p.id = p_old.id
  RETURNING * INTO changed;
  IF p_limits IS NOT NULL THEN
    PERFORM rollgate.put_plan_limits(p_old.id, p_limits);
    lowered := rollgate.lowered_by_plan(v_before -> 'limits', rollgate.plan_facts(changed) -> 'limits',
      rollgate.assigned_accounts(p_old.id, p_ledger.history_at));
  END IF;
  changed.history_id := rollgate.record('plan',
    CASE WHEN p_undoes IS NOT NULL THEN 'undo' WHEN p_old.retired_at IS NULL AND changed.retired_at IS NOT NULL THEN 'retire'
      WHEN p_old.retired_at IS NOT NULL AND changed.retired_at IS NULL THEN 'restore' ELSE 'change' END,
    p_old.id, NULL, p_by, v_before, rollgate.plan_facts(changed) || rollgate.lowered_facts(lowered), btrim(p_reason), NULL, p_undoes);
  UPDATE rollgate.plan SET history_id = changed.history_id WHERE id = p_old.id;
END $$;

COMMENT ON FUNCTION rollgate.put_plan IS
  'Replaces a plan and records the change; returns it as it is now, and the limits that get lower. Errors: RG403, RG404, RG422';
