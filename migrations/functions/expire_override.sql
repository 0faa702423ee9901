-- Expires an override now. Limits that fall need no confirmation; the history lists them.
CREATE OR REPLACE FUNCTION rollgate.expire_override(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  PERFORM rollgate.need_limits_role(p_by);
  IF NOT rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has expired already.' USING ERRCODE = 'RG409';
  END IF;
  v_new.expires_at := v_ledger.history_at;
  -- An override that has not started yet never will.
  v_new.starts_at := least(v_old.starts_at, v_ledger.history_at - interval '1 microsecond');
  lowered := rollgate.lowered_by_end(v_old, v_ledger.history_at);
  changed := rollgate.put_override(v_old, v_new, 'expire', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.expire_override IS
  'Expires an override now. Limits that fall need no confirmation; the history lists them. Errors: RG403, RG404, RG409 already '
  'expired, RG412 another version';
