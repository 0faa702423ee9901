CREATE OR REPLACE FUNCTION rollgate_audit.usage_of(
  account text,
  at      timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, minute_remaining bigint, hour_used bigint, hour_limit int,
  hour_remaining bigint, source text, mode text, last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, greatest(u.minute_limit - u.minute_used, 0),
         u.hour_used, u.hour_limit, greatest(u.hour_limit - u.hour_used, 0), u.source, u.mode, u.last_granted_at
  FROM rollgate.usage_of($1, $2) u
$$;

COMMENT ON FUNCTION rollgate_audit.usage_of IS
  'Usage of one account, now or like rollgate_audit.usage_at: reads only the account''s subjects, where usage_now_v1 with a condition on '
  'account reads all';
