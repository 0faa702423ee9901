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
  -- Accounts whose limits may be below those of their plan, and below the defaults.
  special AS (
    SELECT DISTINCT rollgate.encode_part(o.account) AS key
    FROM (SELECT clock_timestamp() AS now) t JOIN rollgate.override o ON rollgate.unexpired(o.expires_at, t.now)
  ),
  -- The lowest limits of each API under its default and the assigned plans. Materialized, because the API of a scope would be looked up
  -- again for each head.
  scopes AS MATERIALIZED (
    SELECT s.scope, s.api, least(s.per_minute, p.per_minute) AS per_minute, least(s.per_hour, p.per_hour) AS per_hour
    FROM rollgate.key_scopes s
    CROSS JOIN LATERAL (
      SELECT min(b.per_minute) AS per_minute, min(b.per_hour) AS per_hour
      FROM (SELECT DISTINCT a.plan FROM rollgate.plan_assignment a) p CROSS JOIN LATERAL rollgate.base_limits(s.api, p.plan) b
    ) p
  ),
  candidates AS MATERIALIZED (
    SELECT c.lane, c.subject, c.cleared, c.minute * 60 + c.secs[cardinality(c.secs)] AS newest, s.api,
           split_part(c.subject, '/', 1) AS key
    FROM rollgate.counter c
    JOIN scopes s ON s.scope = split_part(c.subject, '/', 2)
    WHERE c.minute >= (SELECT second FROM clock) / 60 - 60
      AND ((c.total - greatest(c.cleared, c.hour_start)) * 100 >= s.per_hour::bigint * p_least
        OR (c.total - greatest(c.cleared, c.prev_start)) * 100 >= s.per_minute::bigint * p_least
        OR split_part(c.subject, '/', 1) IN (SELECT key FROM special))
  ),
  counted AS (
    SELECT c.subject, c.key, c.api, used.minute_used, used.hour_used
    FROM clock
    CROSS JOIN candidates c
    LEFT JOIN rollgate.lane ON lane.lane = c.lane
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (SELECT greatest(clock.second, lane.swept_to, c.newest)::int AS second) own
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.units) FILTER (WHERE u.second > own.second - rollgate.window_buckets('minute')), 0)::int AS minute_used,
             coalesce(sum(u.units), 0)::int AS hour_used
      FROM rollgate.units_by_second(
        ARRAY[c.lane], c.subject, c.cleared, own.second + 1 - rollgate.window_buckets('hour'), own.second) u
    ) used
    WHERE used.hour_used > 0
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
