-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.create_override. Writes nothing.
-- An override of a policy file keeps its start (backdated), also if that was in the past in another database.
CREATE OR REPLACE FUNCTION rollgate.new_override(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new       rollgate.override;
  v_backdated boolean := coalesce((p_spec ->> 'backdated')::boolean, false);
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'group_id', 'api', 'subject', 'per_minute', 'per_hour', 'factor',
    'extra_minute', 'extra_hour', 'mode', 'starts_at', 'expires_at', 'reason', 'ticket', 'request_id', 'backdated',
    'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.override, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_new.starts_at < p_ledger.history_at - interval '1 minute' AND NOT v_backdated THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  IF v_new.starts_at IS NULL OR NOT v_backdated THEN
    v_new.starts_at := greatest(v_new.starts_at, p_ledger.history_at);
  END IF;
  v_new.id := 'ovr_' || nextval('rollgate.override_number');
  v_new.reason := btrim(v_new.reason);
  v_new.version := 1;
  v_new.created_by := p_by.actor;
  v_new.created_at := p_ledger.history_at;
  v_new.changed_at := p_ledger.history_at;
  v_new.created_in := p_ledger.policy_version;
  v_new.changed_in := p_ledger.policy_version;
  PERFORM rollgate.refuse_retired(v_new.api);
  RETURN rollgate.settle_override(v_new, p_spec, p_by, p_ledger.history_at);
END $$;

COMMENT ON FUNCTION rollgate.new_override IS
  'The override that a specification describes, not stored. Errors: RG403 above the approval limit, RG404, RG422';
