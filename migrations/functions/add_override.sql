-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.create_override.
CREATE OR REPLACE FUNCTION rollgate.add_override(
  p_spec   jsonb,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT changed rollgate.override,
  OUT lowered jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['account', 'group_id', 'api', 'subject', 'per_minute', 'per_hour', 'factor',
    'extra_minute', 'extra_hour', 'mode', 'starts_at', 'expires_at', 'reason', 'ticket', 'request_id', 'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.override, p_spec);
  PERFORM rollgate.need_reason(v_new.reason);
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_new.starts_at < p_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  v_new.starts_at := greatest(v_new.starts_at, p_ledger.history_at);
  v_new.id := 'ovr_' || nextval('rollgate.override_number');
  v_new.created_in := p_ledger.policy_version;
  PERFORM rollgate.refuse_retired(v_new.api);
  v_new := rollgate.settle_override(v_new, p_spec, p_by, p_ledger.history_at);
  lowered := rollgate.lowered_by(v_new, p_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, factor, extra_minute, extra_hour, mode,
    starts_at, expires_at, reason, ticket, created_by, created_at, changed_at, request_id, created_in, changed_in)
  VALUES (v_new.id, v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute, v_new.per_hour, v_new.factor,
    v_new.extra_minute, v_new.extra_hour, v_new.mode, v_new.starts_at, v_new.expires_at, btrim(v_new.reason), v_new.ticket, p_by.actor,
    p_ledger.history_at, p_ledger.history_at, v_new.request_id, p_ledger.policy_version, p_ledger.policy_version)
  RETURNING * INTO changed;
  changed.history_id := rollgate.record('override', 'create', changed.id, changed.account, p_by, NULL,
    rollgate.override_facts(changed) || rollgate.lowered_facts(lowered), changed.reason, changed.ticket);
  UPDATE rollgate.override SET history_id = changed.history_id WHERE id = changed.id;
END $$;

COMMENT ON FUNCTION rollgate.add_override IS
  'Creates an override; returns it, and the limits that it lowers: items of rollgate.lowering; NULL: none';
