-- Retires an API. Its history, counts and overrides stay, and calls of it are still limited. Requires the ledger's lock.
CREATE OR REPLACE FUNCTION rollgate.retire_api(
  p_api         text,
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
  SELECT * INTO v_old FROM rollgate.catalogue c WHERE c.api = p_api;
  UPDATE rollgate.catalogue c
  SET retired_at = p_ledger.history_at, version = c.version + 1, changed_in = p_ledger.policy_version, changed_at = p_ledger.history_at,
      changed_by = p_by.actor
  WHERE c.api = p_api
  RETURNING * INTO v_new;
  api := p_api;
  action := 'retire';
  before := rollgate.catalogue_facts(v_old);
  after := rollgate.catalogue_facts(v_new);
  PERFORM rollgate.record('catalogue', action, api, NULL, p_by, before, after, format('no longer registered by %s', p_application));
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.retire_api IS 'Marks an API as retired: no application registers it any more';
