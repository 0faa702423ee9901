-- Takes the ledger's lock: from here on this is the only change. Returns it.
CREATE OR REPLACE FUNCTION rollgate.open_ledger(p_policy boolean) RETURNS rollgate.ledger
LANGUAGE sql AS $$
  UPDATE rollgate.ledger
  SET policy_version = policy_version + p_policy::int, history_at = greatest(clock_timestamp(), history_at + interval '1 microsecond')
  RETURNING *
$$;

COMMENT ON FUNCTION rollgate.open_ledger IS 'Makes this transaction the only one that changes anything; true: the policy gets a new version';
