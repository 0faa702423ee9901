-- An account counts as known by traffic of the last day, by usage by hour or denials on record, by a limit request of its own, or
-- by an override that was used. The existence of an override is no evidence: this function is called to detect overrides with a
-- misspelled account.
-- In plpgsql with a plan for each call, as rollgate.find_accounts.
CREATE OR REPLACE FUNCTION rollgate.account_seen(p_account text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_key       text := rollgate.encode_part(p_account);
  v_rolled_to timestamptz := coalesce((SELECT r.rolled_to FROM rollgate.roll_up r), '-infinity');
BEGIN
  RETURN EXISTS (SELECT FROM rollgate.usage_series s WHERE s.account = p_account)
    OR EXISTS (SELECT FROM rollgate.limit_request r WHERE r.account = p_account AND r.asked_by LIKE 'account:%')
    OR EXISTS (SELECT FROM rollgate.override o JOIN rollgate.override_use u ON u.override_id = o.id WHERE o.account = p_account)
    OR EXISTS (
      SELECT FROM generate_series(0, 63) g CROSS JOIN LATERAL (
        (SELECT FROM rollgate.counter c
         WHERE c.lane = g AND c.subject >= v_key || '/' COLLATE "C" AND c.subject < v_key || '0' COLLATE "C" LIMIT 1)
        UNION ALL
        (SELECT FROM rollgate.bucket b
         WHERE b.lane = g AND b.subject >= v_key || '/' COLLATE "C" AND b.subject < v_key || '0' COLLATE "C" LIMIT 1)
      ) x)
    -- The denials of older hours are in the roll-up.
    OR EXISTS (SELECT FROM rollgate.limit_event_row e WHERE e.account = p_account AND e.first_at >= v_rolled_to);
END $$;

COMMENT ON FUNCTION rollgate.account_seen IS
  'Whether an account is known by traffic, by usage or denials on record, by a limit request of its own, or by an override that was '
  'used';
