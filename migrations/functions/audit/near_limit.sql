CREATE OR REPLACE FUNCTION rollgate_audit.near_limit(
  percent int,
  at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.account, n.api, n.subject, n.minute_used::bigint, n.minute_limit, n.hour_used::bigint, n.hour_limit, n.source, n.mode
  FROM rollgate.near_limit($1, NULL, $2) n
$$;

COMMENT ON FUNCTION rollgate_audit.near_limit IS
  'Subjects that have used at least this percentage of a window, highest first. From 50 percent on, only subjects that are near a limit '
  'are read';
