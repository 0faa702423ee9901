-- Assigns a plan to an account, from starts_at (default: now) until ends_at (default: no end). The assignment that is in force at its
-- start ends there. p_spec names account, plan, starts_at, ends_at, reason, ticket, backdated (starts_at may be in the
-- past, but not before the end of an earlier assignment), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.assign_plan(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.plan_assignment,  -- with the history_id of this change
  OUT lowered jsonb                      -- the account's limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
BEGIN
  changed := rollgate.new_assignment(p_spec, p_by, v_ledger);
  lowered := rollgate.lowered_by_assignment(changed, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  changed := rollgate.store_assignment(changed, lowered, p_by, v_ledger);
END $$;

COMMENT ON FUNCTION rollgate.assign_plan IS
  'Assigns a plan to an account and ends the assignment before it; p_spec: {account, plan, starts_at, ends_at, reason, ticket, '
  'backdated, allow_lowering}. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit, or overlaps a later assignment, or '
  'the plan is retired, RG422';
