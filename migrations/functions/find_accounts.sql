-- Returns one page of the accounts that start with p_prefix and have traffic, denials, an override, a plan or a limit request, now or as
-- far back as usage is on record. An account that equals p_prefix comes first on the first page; the others follow in key order. Each
-- lane, and rollgate.usage_series, is read account by account, not row by row.
-- In plpgsql with a plan for each call, which knows v_rolled_to, and opens only the events of those days.
CREATE OR REPLACE FUNCTION rollgate.find_accounts(
  p_prefix text,
  p_after  text,  -- the last key of the previous page; '': the first page
  p_limit  int
) RETURNS TABLE (key text, account text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_rolled_to timestamptz := coalesce((SELECT r.rolled_to FROM rollgate.roll_up r), '-infinity');
  v_decoded   text := rollgate.decode_part(p_prefix);
BEGIN
  RETURN QUERY
  WITH RECURSIVE walk AS (
    SELECT g AS lane, 0 AS n, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = g AND c.subject >= greatest(p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C")
      ORDER BY c.subject LIMIT 1) AS key
    FROM generate_series(0, 63) g
    UNION ALL
    SELECT w.lane, w.n + 1, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = w.lane AND c.subject >= w.key || '0' COLLATE "C" ORDER BY c.subject LIMIT 1)
    FROM walk w
    WHERE w.n < p_limit AND starts_with(w.key, p_prefix)
  ),
  rolled AS (
    SELECT 0 AS n, (
      SELECT s.prefix FROM rollgate.usage_series s
      WHERE s.prefix >= greatest(p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C") AND s.prefix <> '/'
      ORDER BY s.prefix LIMIT 1) AS prefix
    UNION ALL
    SELECT r.n + 1, (SELECT s.prefix FROM rollgate.usage_series s WHERE s.prefix > r.prefix ORDER BY s.prefix LIMIT 1)
    FROM rolled r
    WHERE r.n < p_limit AND starts_with(r.prefix, p_prefix)
  ),
  known AS (
    SELECT w.key FROM walk w
    UNION
    SELECT left(r.prefix, -1) FROM rolled r
    UNION
    SELECT p_prefix WHERE EXISTS (SELECT FROM rollgate.usage_series s WHERE s.prefix = p_prefix || '/')
    UNION
    SELECT p_prefix WHERE EXISTS (
      SELECT FROM generate_series(0, 63) g CROSS JOIN LATERAL (
        SELECT FROM rollgate.counter c
        WHERE c.lane = g AND c.subject >= p_prefix || '/' COLLATE "C" AND c.subject < p_prefix || '0' COLLATE "C" LIMIT 1) x)
    UNION
    -- Each account is encoded once, and only those that can match.
    SELECT e.key FROM (
      SELECT rollgate.encode_part(n.account) AS key FROM (
        -- Denied since the newest hour that is rolled up.
        SELECT d.account FROM rollgate.limit_event_row d WHERE d.first_at >= v_rolled_to
        UNION
        SELECT o.account FROM rollgate.override o
        UNION
        SELECT a.account FROM rollgate.plan_assignment a
        UNION
        SELECT r.account FROM rollgate.limit_request r
      ) n
      WHERE starts_with(n.account, v_decoded)
      OFFSET 0
    ) e
  )
  SELECT k.key, rollgate.decode_part(k.key) FROM known k
  -- The encoded * is where events combine all accounts.
  WHERE starts_with(k.key, p_prefix) AND k.key NOT IN ('', '%2A')
    AND (p_after = '' OR k.key <> p_prefix AND k.key || '/' > p_after || '/' COLLATE "C") AND NOT rollgate.is_internal(k.key)
  ORDER BY k.key <> p_prefix, k.key || '/' COLLATE "C"
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.find_accounts IS 'Accounts whose key starts with p_prefix, one page after p_after';
