-- Subjects that have used p_least percent of a window or more, highest percentage first. The totals in a head row are an upper bound
-- of its windows, so nearly all heads are skipped without reading their minutes.
CREATE OR REPLACE FUNCTION rollgate.near_limit(
  p_least int,                      -- percent
  p_limit int,                      -- number of rows
  p_now   timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (
  subject text, account text, api text, minute_used int, minute_limit int, hour_used int, hour_limit int, source text, mode text,
  percent int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH clock AS (SELECT floor(extract(epoch FROM coalesce(p_now, clock_timestamp())))::int AS second),
  -- Accounts whose limits may be below the defaults.
  special AS (SELECT DISTINCT rollgate.encode_part(o.account) AS key FROM rollgate.override o
              WHERE rollgate.unexpired(o.expires_at, clock_timestamp())),
  scopes AS (
    SELECT s.scope, c.api, d.per_minute, d.per_hour
    FROM (SELECT c.api AS scope FROM rollgate.catalogue c
          UNION SELECT '@' || c.group_id FROM rollgate.catalogue c WHERE c.scope = 'group') s
    JOIN rollgate.catalogue c ON c.api = rollgate.api_of_scope(s.scope)
    CROSS JOIN LATERAL rollgate.default_limits(c) d
  ),
  candidates AS MATERIALIZED (
    SELECT c.lane, c.subject, s.api, split_part(c.subject, '/', 1) AS key
    FROM rollgate.counter c
    JOIN scopes s ON s.scope = split_part(c.subject, '/', 2)
    WHERE c.minute >= (SELECT second FROM clock) / 60 - 60
      AND ((c.total - greatest(c.cleared, c.hour_start)) * 100 >= s.per_hour::bigint * p_least
        OR (c.total - greatest(c.cleared, c.prev_start)) * 100 >= s.per_minute::bigint * p_least
        OR split_part(c.subject, '/', 1) IN (SELECT key FROM special))
  ),
  counted AS (
    SELECT c.subject, c.key, c.api, w.minute_used, w.hour_used
    FROM candidates c
    CROSS JOIN LATERAL rollgate.peek(c.lane, ARRAY[c.subject], p_now) k
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.units) FILTER (WHERE u.second > k.now_ms / 1000 - rollgate.window_buckets('minute')), 0)::int AS minute_used,
             coalesce(sum(u.units), 0)::int AS hour_used
      FROM unnest(k.seconds, k.units) AS u (second, units)
    ) w
    WHERE w.hour_used > 0
  ),
  limited AS (
    SELECT c.subject, rollgate.decode_part(c.key) AS account, c.api, c.minute_used, l.per_minute, c.hour_used, l.per_hour, l.source, l.mode,
           greatest(c.minute_used::bigint * 100 / greatest(l.per_minute, 1), c.hour_used::bigint * 100 / greatest(l.per_hour, 1)) AS percent
    FROM counted c
    CROSS JOIN LATERAL rollgate.limits_for(rollgate.decode_part(c.key), c.api, c.subject) l
  )
  SELECT l.subject, l.account, l.api, l.minute_used, l.per_minute, l.hour_used, l.per_hour, l.source, l.mode, least(l.percent, 999)::int
  FROM limited l
  WHERE l.percent >= p_least AND NOT rollgate.is_internal(l.account)
  ORDER BY l.percent DESC, l.subject
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.near_limit IS 'Subjects at p_least percent of a window or above, highest percentage first';
