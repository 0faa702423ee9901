-- Ends an assignment now, or at p_ends_at.
CREATE OR REPLACE FUNCTION rollgate.end_assignment(
  p_id             text,
  p_version        int,          -- the version that the caller has seen; NULL: any
  p_ends_at        timestamptz,  -- NULL: now
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT changed rollgate.plan_assignment,  -- with the history_id of this change
  OUT lowered jsonb                      -- the account's limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.plan_assignment;
  v_new    rollgate.plan_assignment;
BEGIN
  SELECT * INTO v_old FROM rollgate.plan_assignment WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no assignment "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The assignment was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  PERFORM rollgate.need_limits_role(p_by);
  PERFORM rollgate.need_reason(p_reason);
  IF NOT rollgate.unexpired(v_old.ends_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The assignment has ended already.' USING ERRCODE = 'RG409';
  END IF;
  IF p_ends_at < v_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'ends_at: % is in the past.', rollgate.utc(p_ends_at) USING ERRCODE = 'RG422';
  END IF;
  v_new := v_old;
  v_new.ends_at := greatest(p_ends_at, v_ledger.history_at);
  IF v_new.ends_at >= v_old.ends_at THEN
    RAISE EXCEPTION 'The assignment ends at % already. To extend it, assign the plan again.', rollgate.utc(v_old.ends_at)
      USING ERRCODE = 'RG422';
  END IF;
  -- An assignment that has not started yet never will.
  v_new.starts_at := least(v_old.starts_at, v_new.ends_at - interval '1 microsecond');
  lowered := rollgate.lowered_by_assignment(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  changed := rollgate.put_assignment(v_old, v_new, 'end', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.end_assignment IS
  'Ends an assignment of a plan, at p_ends_at (NULL: now). Errors: RG403, RG404, RG409 ended already, or it lowers a limit, RG412 another '
  'version, RG422';
