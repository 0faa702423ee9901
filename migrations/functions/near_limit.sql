-- Subjects that have used p_least percent of a window or more, highest percentage first.
--
-- From half of a limit on, grants mark their head (rollgate.is_near), so only marked heads are read. The mark follows the limits of the
-- grant, so more is read where limits have changed since: all heads of an account whose overrides or plan changed in the last two hours,
-- and after a change of a plan or a default the heads of all accounts, which is also done for less than half. A subject whose calls
-- bring a plan is listed once it has used half of that plan's limits, with the limits that the database knows.
CREATE OR REPLACE FUNCTION rollgate.near_limit(
  p_least int,                      -- percent
  p_limit int,                      -- number of rows; NULL: all
  p_now   timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  subject text, account text, api text, minute_used int, minute_limit int, hour_used int, hour_limit int, source text, mode text,
  percent int
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c_marked   constant int := 50;  -- percent: rollgate.is_near
  v_now      timestamptz := coalesce(p_now, clock_timestamp());
  v_since    timestamptz := v_now - interval '2 hours';
  v_marked   boolean := p_least >= c_marked
    AND NOT EXISTS (SELECT FROM rollgate.catalogue c WHERE c.changed_at > v_since AND c.version > 1)
    AND NOT EXISTS (SELECT FROM rollgate.plan p WHERE p.changed_at > v_since AND p.version > 1);
  v_accounts text[];
BEGIN
  v_accounts := ARRAY(
    SELECT o.account FROM rollgate.override o
    WHERE o.changed_at > v_since OR o.starts_at BETWEEN v_since AND v_now OR o.expires_at BETWEEN v_since AND v_now
      -- Their limits may be below the lowest limits of their API.
      OR NOT v_marked AND rollgate.unexpired(o.expires_at, v_now)
    UNION
    SELECT a.account FROM rollgate.plan_assignment a
    WHERE a.changed_at > v_since OR a.starts_at BETWEEN v_since AND v_now OR a.ends_at BETWEEN v_since AND v_now);
  RETURN QUERY
  SELECT u.subject, u.account, s.api, u.minute_used::int, u.minute_limit, u.hour_used::int, u.hour_limit, u.source, u.mode,
         least(p.percent, 999)::int
  FROM rollgate.live_usage(p_now, v_accounts, v_marked, CASE WHEN NOT v_marked THEN p_least END) u
  JOIN rollgate.key_scopes s ON s.scope = u.api
  CROSS JOIN LATERAL (
    SELECT greatest(u.minute_used * 100 / greatest(u.minute_limit, 1), u.hour_used * 100 / greatest(u.hour_limit, 1)) AS percent
  ) p
  WHERE p.percent >= p_least AND NOT rollgate.is_internal(u.account)
  ORDER BY p.percent DESC, u.subject
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.near_limit IS 'Subjects at p_least percent of a window or above, highest percentage first';
