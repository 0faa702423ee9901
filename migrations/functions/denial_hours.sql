-- The hours that hold the newest p_rows denial events of an API, a group, a window or a mode before p_before, newest first. An hour that
-- is not rolled up is included, whatever it holds. With them a page of such events reads a few hours instead of everything between two
-- rare events. NULL as a filter: any.
CREATE OR REPLACE FUNCTION rollgate.denial_hours(
  p_from timestamptz, p_before timestamptz, p_rows int, p_api text, p_group_id text, p_window_name text, p_mode text
) RETURNS timestamptz[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH rolled AS (
    SELECT d.hour, sum(d.events) AS events
    FROM rollgate.usage_series s JOIN rollgate.denial_hour d ON d.series = s.id
    WHERE s.account = '' AND (p_api IS NULL OR s.api = p_api)
      AND (p_group_id IS NULL OR s.api IN (SELECT c.api FROM rollgate.catalogue c WHERE c.group_id = p_group_id))
      AND (p_window_name IS NULL OR d.window_name = p_window_name) AND (p_mode IS NULL OR d.mode = p_mode)
      AND d.hour <= coalesce(p_before, 'infinity') AND d.hour > coalesce(p_from, '-infinity') - interval '1 hour'
      AND d.hour < (SELECT r.rolled_to FROM rollgate.roll_up r)
    GROUP BY d.hour
  ),
  -- The newest hour may lie after p_before in part: it does not count.
  added AS (
    SELECT r.hour, sum(r.events) FILTER (WHERE r.hour + interval '1 hour' <= coalesce(p_before, 'infinity'))
                     OVER (ORDER BY r.hour DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newer
    FROM rolled r
  ),
  chosen AS (
    SELECT a.hour FROM added a WHERE coalesce(a.newer, 0) < p_rows
    UNION
    SELECT o.hour FROM rollgate.reopened_hours o
    UNION
    SELECT generate_series(
      coalesce((SELECT r.rolled_to FROM rollgate.roll_up r),
               (SELECT date_trunc('hour', min(e.first_at), 'UTC') FROM rollgate.limit_event_row e)),
      (SELECT max(e.first_at) FROM rollgate.limit_event_row e), interval '1 hour')
  )
  SELECT coalesce(array_agg(c.hour ORDER BY c.hour DESC), '{}') FROM chosen c
  WHERE c.hour <= coalesce(p_before, 'infinity') AND c.hour > coalesce(p_from, '-infinity') - interval '1 hour'
$$;

COMMENT ON FUNCTION rollgate.denial_hours IS
  'The hours in which to look for the newest denials of an API, a group, a window or a mode before a time';
