-- Denied calls from p_from until just before p_to, by hour and window; an hour at either end counts only its part of that time. A
-- whole hour that is rolled up comes from rollgate.denial_hour, everything else from the events. The result is the same as if all came from
-- the events, at any time: both are read in one snapshot. NULL as a filter: any.
CREATE OR REPLACE FUNCTION rollgate.count_denials(
  p_from timestamptz, p_to timestamptz, p_account text, p_api text, p_group_id text, p_window_name text, p_mode text, p_source text
) RETURNS TABLE (hour timestamptz, window_name text, calls bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH hours AS MATERIALIZED (
    SELECT h.hour, greatest(h.hour, p_from) AS since, least(h.hour + interval '1 hour', p_to) AS until,
           -- The sums of all accounts are not divided by source.
           (p_account IS NOT NULL OR p_source IS NULL) AND h.hour >= p_from AND h.hour + interval '1 hour' <= p_to
             AND h.hour < r.rolled_to AND NOT EXISTS (SELECT FROM rollgate.reopened_hours o WHERE o.hour = h.hour) AS rolled
    FROM generate_series(date_trunc('hour', p_from, 'UTC'), p_to - interval '1 microsecond', interval '1 hour') AS h (hour)
    LEFT JOIN rollgate.roll_up r ON true
  )
  SELECT h.hour, d.window_name, sum(d.calls)::bigint
  FROM rollgate.usage_series s
  JOIN rollgate.denial_hour d ON d.series = s.id AND d.hour >= p_from AND d.hour < p_to
  JOIN hours h ON h.hour = d.hour AND h.rolled
  WHERE s.account = coalesce(p_account, '') AND (p_api IS NULL OR s.api = p_api)
    AND (p_group_id IS NULL OR s.api IN (SELECT c.api FROM rollgate.catalogue c WHERE c.group_id = p_group_id))
    AND (p_window_name IS NULL OR d.window_name = p_window_name) AND (p_mode IS NULL OR d.mode = p_mode)
    AND (p_source IS NULL OR d.source = p_source)
  GROUP BY 1, 2
  UNION ALL
  SELECT h.hour, e.window_name, e.calls
  FROM hours h
  CROSS JOIN LATERAL (
    SELECT k.window_name, sum(r.count)::bigint AS calls
    FROM rollgate.limit_event_row r JOIN rollgate.event_class k ON k.id = r.class
    WHERE r.first_at >= h.since AND r.first_at < h.until AND k.kind = 'denied'
      AND (p_account IS NULL AND NOT rollgate.is_internal(r.account) OR r.account = p_account)
      AND (p_api IS NULL OR k.api = p_api) AND (p_group_id IS NULL OR k.group_id = p_group_id)
      AND (p_window_name IS NULL OR k.window_name = p_window_name) AND (p_mode IS NULL OR k.mode = p_mode)
      AND (p_source IS NULL OR coalesce(r.source, 'default') = p_source)
    GROUP BY k.window_name
  ) e
  WHERE h.rolled IS NOT TRUE
$$;

COMMENT ON FUNCTION rollgate.count_denials IS
  'Denied calls of a time span by hour and window, from the roll-up where it has them, from the events otherwise; exact';
