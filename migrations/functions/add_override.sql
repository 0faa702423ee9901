-- Inside an open ledger. p_spec names columns of rollgate.override.
CREATE OR REPLACE FUNCTION rollgate.add_override(p_spec jsonb, p_by rollgate.author, p_ledger rollgate.ledger) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override := jsonb_populate_record(NULL::rollgate.override, p_spec);
BEGIN
  PERFORM rollgate.need_reason(v_new.reason);
  v_new.starts_at := coalesce(v_new.starts_at, p_ledger.history_at);
  IF v_new.expires_at <= greatest(p_ledger.history_at, v_new.starts_at) THEN
    RAISE EXCEPTION 'It would expire before it starts.' USING ERRCODE = 'RG422';
  END IF;
  IF v_new.per_minute IS NULL AND v_new.per_hour IS NULL AND v_new.mode IS NULL THEN
    RAISE EXCEPTION 'An override sets a limit or a mode.' USING ERRCODE = 'RG422';
  END IF;
  PERFORM rollgate.check_ceiling(v_new, p_by);
  INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, mode, starts_at, expires_at, reason, ticket,
    created_by, created_at, changed_at, request_id, created_in, changed_in)
  VALUES ('ovr_' || nextval('rollgate.override_number'), v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute,
    v_new.per_hour, v_new.mode, v_new.starts_at, v_new.expires_at, btrim(v_new.reason), v_new.ticket, p_by.actor, p_ledger.history_at,
    p_ledger.history_at, v_new.request_id, p_ledger.policy_version, p_ledger.policy_version)
  RETURNING * INTO v_new;
  PERFORM rollgate.record('override', 'create', v_new.id, v_new.account, p_by, NULL, rollgate.override_facts(v_new), v_new.reason, v_new.ticket);
  RETURN v_new;
END $$;
