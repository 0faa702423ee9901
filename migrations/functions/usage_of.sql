-- Reads the heads of one account, by their key.
CREATE OR REPLACE FUNCTION rollgate.usage_of(
  p_account text,
  p_at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.live_usage(p_at, ARRAY[p_account], false, NULL) WHERE p_account IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.usage_of IS 'Both windows of every subject of an account that has units, like rollgate.usage_at';
