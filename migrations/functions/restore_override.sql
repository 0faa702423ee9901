-- Restores an expired override.
CREATE OR REPLACE FUNCTION rollgate.restore_override(
  p_id             text,
  p_version        int,          -- the version that the caller has seen; NULL: any
  p_expires_at     timestamptz,  -- NULL: permanent
  p_reason         text,
  p_by             rollgate.author,
  p_allow_lowering boolean DEFAULT false,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_new    rollgate.override := v_old;
BEGIN
  IF rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has not expired.' USING ERRCODE = 'RG409';
  END IF;
  v_new.expires_at := p_expires_at;
  v_new := rollgate.settle_override(v_new, '{"per_minute": null, "per_hour": null}', p_by, v_ledger.history_at);
  lowered := rollgate.lowered_by(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, p_allow_lowering);
  changed := rollgate.put_override(v_old, v_new, 'restore', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.restore_override IS
  'Restores an expired override, until p_expires_at (NULL: permanent). Errors: RG403, RG404, RG409 not expired, or it lowers a limit '
  'in force, RG412, RG422';
