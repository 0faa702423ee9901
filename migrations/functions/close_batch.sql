-- Writes the end of the history and the version of the policy that a step of a batch has reached to the ledger. Each step does that
-- once: an update for each change would leave as many dead versions of the one row, each of which every later change reads.
CREATE OR REPLACE FUNCTION rollgate.close_batch(p_policy_version bigint) RETURNS void
LANGUAGE sql AS $$
  UPDATE rollgate.ledger l
  SET policy_version = p_policy_version, history_id = coalesce(h.id, l.history_id), history_hash = coalesce(h.hash, l.history_hash)
  FROM (SELECT) one
  LEFT JOIN LATERAL (
    SELECT x.id, x.hash FROM rollgate.history x WHERE x.batch = (SELECT b.batch FROM rollgate.ledger b) ORDER BY x.id DESC LIMIT 1
  ) h ON true
$$;

COMMENT ON FUNCTION rollgate.close_batch IS
  'Ends a step of a batch: the ledger gets the version of the policy and the end of the history that the step has reached';
