-- Takes the ledger's lock, so that no other transaction changes anything until this one ends. Returns the ledger's row.
CREATE OR REPLACE FUNCTION rollgate.open_ledger(p_policy boolean) RETURNS rollgate.ledger
LANGUAGE sql AS $$
  UPDATE rollgate.ledger
  SET policy_version = policy_version + p_policy::int, batch = NULL,
      history_at = greatest(clock_timestamp(), history_at + interval '1 microsecond')
  RETURNING *
$$;

COMMENT ON FUNCTION rollgate.open_ledger IS
  'Takes the ledger''s lock, so that no other transaction changes anything; p_policy: also gives overrides and catalogue a new '
  'version';
