-- Changes an override. p_changes names the columns to change (per_minute, per_hour, factor, extra_minute, extra_hour, mode, starts_at,
-- expires_at, ticket), and allow_lowering.
CREATE OR REPLACE FUNCTION rollgate.change_override(
  p_id      text,
  p_version int,  -- the version that the caller has seen; NULL: any
  p_changes jsonb,
  p_reason  text,
  p_by      rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_old    rollgate.override := rollgate.override_at(p_id, p_version);
  v_given  jsonb := '{"per_minute": null, "per_hour": null}';
  v_new    rollgate.override;
  v_limits boolean := p_changes ->> 'per_minute' IS NOT NULL OR p_changes ->> 'per_hour' IS NOT NULL;
  v_factor boolean := p_changes ->> 'factor' IS NOT NULL;
  v_extra  boolean := p_changes ->> 'extra_minute' IS NOT NULL OR p_changes ->> 'extra_hour' IS NOT NULL;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'factor', 'extra_minute', 'extra_hour', 'mode',
    'starts_at', 'expires_at', 'ticket', 'allow_lowering']);
  PERFORM rollgate.refuse_loose_times(p_changes);
  v_new := jsonb_populate_record(v_old, p_changes);
  -- Limits, a factor and extra units replace each other.
  IF v_limits OR v_extra THEN
    v_new.factor := p_changes ->> 'factor';
  END IF;
  IF v_limits OR v_factor THEN
    v_new.extra_minute := p_changes ->> 'extra_minute';
    v_new.extra_hour := p_changes ->> 'extra_hour';
  END IF;
  IF v_factor OR v_extra THEN
    v_new.per_minute := p_changes ->> 'per_minute';
    v_new.per_hour := p_changes ->> 'per_hour';
  END IF;
  IF v_limits AND (v_old.factor IS NOT NULL OR rollgate.sets_extra(v_old.extra_minute, v_old.extra_hour)) THEN
    v_given := p_changes;
  END IF;
  IF NOT rollgate.unexpired(v_old.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The override has expired. Restore it or create a new one.' USING ERRCODE = 'RG409';
  END IF;
  IF NOT rollgate.unexpired(v_new.expires_at, v_ledger.history_at) THEN
    RAISE EXCEPTION 'The end date must be in the future. To end the override now, expire it.' USING ERRCODE = 'RG422';
  END IF;
  IF v_new.starts_at <> v_old.starts_at AND v_new.starts_at < v_ledger.history_at - interval '1 minute' THEN
    RAISE EXCEPTION 'starts_at: % is in the past.', rollgate.utc(v_new.starts_at) USING ERRCODE = 'RG422';
  END IF;
  v_new := rollgate.settle_override(v_new, v_given, p_by, v_ledger.history_at);
  lowered := rollgate.lowered_by(v_new, v_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_changes ->> 'allow_lowering')::boolean);
  changed := rollgate.put_override(v_old, v_new, 'change', p_reason, p_by, v_ledger, NULL, lowered);
END $$;

COMMENT ON FUNCTION rollgate.change_override IS
  'Changes an override that is at p_version (NULL: any). Errors: RG403, RG404, RG409 expired, or it lowers a limit in force, RG412 '
  'another version, RG422';
