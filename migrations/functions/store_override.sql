-- Requires the ledger's lock (rollgate.open_ledger).
CREATE OR REPLACE FUNCTION rollgate.store_override(
  p_new     rollgate.override,  -- from rollgate.new_override
  p_lowered jsonb,              -- items of rollgate.lowering
  p_by      rollgate.author
) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.override;
BEGIN
  INSERT INTO rollgate.override (id, account, group_id, api, subject, per_minute, per_hour, factor, extra_minute, extra_hour, mode,
    starts_at, expires_at, reason, ticket, created_by, created_at, changed_at, request_id, created_in, changed_in)
  VALUES (p_new.id, p_new.account, p_new.group_id, p_new.api, p_new.subject, p_new.per_minute, p_new.per_hour, p_new.factor,
    p_new.extra_minute, p_new.extra_hour, p_new.mode, p_new.starts_at, p_new.expires_at, p_new.reason, p_new.ticket, p_new.created_by,
    p_new.created_at, p_new.changed_at, p_new.request_id, p_new.created_in, p_new.changed_in)
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('override', 'create', v_new.id, v_new.account, p_by, NULL,
    rollgate.override_facts(v_new) || rollgate.lowered_facts(p_lowered) || rollgate.backdated_facts(v_new.starts_at, v_new.created_at),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.override SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.store_override IS 'Stores a new override and records that; returns it as it is now';
