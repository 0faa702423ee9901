-- Replaces the API's defaults and its mode with p_new, and records that. Requires the ledger's lock. Errors: RG403, RG422.
CREATE OR REPLACE FUNCTION rollgate.put_catalogue(
  p_old     rollgate.catalogue,
  p_new     rollgate.catalogue,
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  p_ledger  rollgate.ledger,
  p_undoes  bigint DEFAULT NULL,  -- the history row whose change this one reverts
  p_lowered jsonb  DEFAULT NULL   -- items of rollgate.lowering
) RETURNS rollgate.catalogue
LANGUAGE plpgsql AS $$
DECLARE
  v_new rollgate.catalogue;
BEGIN
  PERFORM rollgate.need_reason(p_reason);
  PERFORM rollgate.need_admin(p_by, 'default limits');
  UPDATE rollgate.catalogue c
  SET per_minute = p_new.per_minute, per_hour = p_new.per_hour, shadow = p_new.shadow, version = c.version + 1,
      changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at, changed_by = p_by.actor
  WHERE c.api = p_old.api
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('catalogue', CASE WHEN p_undoes IS NULL THEN 'change' ELSE 'undo' END, v_new.api, NULL, p_by,
    rollgate.catalogue_facts(p_old), rollgate.catalogue_facts(v_new) || rollgate.lowered_facts(p_lowered), btrim(p_reason), p_ticket,
    p_undoes);
  UPDATE rollgate.catalogue SET history_id = v_new.history_id WHERE api = v_new.api;
  RETURN v_new;
END $$;

COMMENT ON FUNCTION rollgate.put_catalogue IS 'Replaces an API''s default limits and mode and records the change; returns it as it is now';
