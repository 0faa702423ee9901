-- Adds an API, or updates what applications register of it. Requires the ledger's lock.
CREATE OR REPLACE FUNCTION rollgate.put_definition(
  p_given       rollgate.catalogue,
  p_application text,
  p_by          rollgate.author,
  p_ledger      rollgate.ledger
) RETURNS TABLE (api text, action text, before jsonb, after jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_old rollgate.catalogue;
  v_new rollgate.catalogue;
BEGIN
  SELECT * INTO v_old FROM rollgate.catalogue c WHERE c.api = p_given.api;
  IF NOT found THEN
    INSERT INTO rollgate.catalogue (api, ord, title, group_id, group_title, level, scope, shipped_per_minute, shipped_per_hour, message,
      changed_in, changed_at, changed_by)
    VALUES (p_given.api, (SELECT coalesce(max(c.ord), 0) + 1 FROM rollgate.catalogue c), p_given.title, p_given.group_id,
      p_given.group_title, p_given.level, p_given.scope, p_given.shipped_per_minute, p_given.shipped_per_hour, p_given.message,
      p_ledger.policy_version, p_ledger.history_at, p_by.actor)
    RETURNING * INTO v_new;
    action := 'add';
  ELSIF v_old.retired_at IS NOT NULL OR rollgate.shipped_definition(v_old) <> rollgate.shipped_definition(p_given) THEN
    UPDATE rollgate.catalogue c
    SET title = p_given.title, group_id = p_given.group_id, group_title = p_given.group_title, level = p_given.level, scope = p_given.scope,
        shipped_per_minute = p_given.shipped_per_minute, shipped_per_hour = p_given.shipped_per_hour, message = p_given.message,
        retired_at = NULL, version = c.version + 1, changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at,
        changed_by = p_by.actor
    WHERE c.api = p_given.api
    RETURNING * INTO v_new;
    action := CASE WHEN v_old.retired_at IS NULL THEN 'ship' ELSE 'return' END;
    before := rollgate.catalogue_facts(v_old);
  ELSE
    RETURN;
  END IF;
  api := v_new.api;
  after := rollgate.catalogue_facts(v_new);
  PERFORM rollgate.record('catalogue', action, api, NULL, p_by, before, after, format('registered by %s', p_application));
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.put_definition IS 'Adds or updates one API as an application registers it; no row: it was the same';
