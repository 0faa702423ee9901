CREATE OR REPLACE FUNCTION rollgate_audit.recheck_decisions("from" timestamptz, "to" timestamptz)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_reported int,
  used_recorded bigint, cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.recheck_decisions($1, $2)
$$;

COMMENT ON FUNCTION rollgate_audit.recheck_decisions IS 'Like rollgate_audit.recheck_decisions_v1, for a time span; both ends are included';
