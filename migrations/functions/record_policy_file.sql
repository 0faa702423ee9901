-- The changes themselves are rows of their own. Their request_id is that of p_by, which names the file as well.
CREATE OR REPLACE FUNCTION rollgate.record_policy_file(
  p_sha256  text,  -- of the file's bytes
  p_changes jsonb, -- number of changes by kind and action
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM rollgate.need_admin(p_by, 'the policy as a whole');
  PERFORM rollgate.need_reason(p_reason);
  PERFORM rollgate.open_ledger(false);
  RETURN rollgate.record('policy', 'apply', p_sha256, NULL, p_by, NULL, jsonb_build_object('sha256', p_sha256, 'changes', p_changes),
    btrim(p_reason), p_ticket);
END $$;

COMMENT ON FUNCTION rollgate.record_policy_file IS
  'Records in the history that a policy file was applied, by whom and why; returns the row''s ID. Errors: RG403, RG422';
