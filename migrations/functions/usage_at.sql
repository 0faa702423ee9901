-- Reads every head: a second for 100,000 live subjects.
CREATE OR REPLACE FUNCTION rollgate.usage_at(p_at timestamptz)
RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.live_usage(p_at, NULL, false, NULL)
$$;

COMMENT ON FUNCTION rollgate.usage_at IS
  'Both windows of every subject that has units, at p_at (NULL: now) or at its newest grant, whichever is later';
