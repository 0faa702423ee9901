-- Both windows of the subjects that have units. rollgate.peek adds up a subject's minutes; here usage is the difference of two totals. A
-- head of the current minute has all of it in one row, and an older one needs one lookup of its minutes. Everything that shows usage to
-- people reads this: rollgate.usage_at, rollgate.usage_of and rollgate.near_limit.
-- In plpgsql with a plan for each call, which leaves out the branches of `heads` that the arguments exclude.
CREATE OR REPLACE FUNCTION rollgate.live_usage(
  p_at       timestamptz,  -- NULL: now
  p_accounts text[],       -- NULL: all accounts
  p_marked   boolean,      -- also the subjects of other accounts that are marked as near a limit (rollgate.is_near)
  p_least    int           -- also those that may have used this percentage of the lowest limits of their API; NULL: not those
) RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_at     timestamptz := coalesce(p_at, clock_timestamp());
  v_second int := floor(extract(epoch FROM v_at));
  v_keys   text[] := ARRAY(SELECT rollgate.encode_part(a.account) FROM unnest(p_accounts) AS a (account));
BEGIN
  RETURN QUERY
  WITH scopes AS MATERIALIZED (SELECT * FROM rollgate.key_scopes),
  -- The lowest limits of each API under its default and the assigned plans.
  lowest AS MATERIALIZED (
    SELECT s.scope, least(s.per_minute, p.per_minute) AS per_minute, least(s.per_hour, p.per_hour) AS per_hour
    FROM scopes s
    CROSS JOIN LATERAL (
      SELECT min(b.per_minute) AS per_minute, min(b.per_hour) AS per_hour
      FROM (SELECT DISTINCT a.plan FROM rollgate.plan_assignment a) p CROSS JOIN LATERAL rollgate.base_limits(s.api, p.plan) b
    ) p
  ),
  heads AS (
    SELECT h.* FROM rollgate.counter h WHERE p_accounts IS NULL
    UNION ALL
    SELECT h.* FROM unnest(v_keys) AS k (key) CROSS JOIN LATERAL rollgate.heads_of(k.key) h
    UNION ALL
    SELECT h.* FROM rollgate.counter h
    WHERE p_marked AND h.near_hour >= v_second / 3600 - 1 AND split_part(h.subject, '/', 1) <> ALL (v_keys)
    UNION ALL
    SELECT h.* FROM lowest s JOIN rollgate.counter h ON split_part(h.subject, '/', 2) = s.scope
    WHERE p_least IS NOT NULL AND split_part(h.subject, '/', 1) <> ALL (v_keys)
      -- The totals in a head row are an upper bound of its windows, so nearly all heads are skipped without reading their minutes.
      AND ((h.total - greatest(h.cleared, h.hour_start)) * 100 >= s.per_hour::bigint * p_least
        OR (h.total - greatest(h.cleared, h.prev_start)) * 100 >= s.per_minute::bigint * p_least)
  ),
  live AS (
    SELECT head.*, own.second, own.second / 60 AS now_minute, (own.second % 60 - 1)::smallint AS before,
           head.total - head.sums[cardinality(head.sums)] AS start, head.minute * 60 + head.secs[cardinality(head.secs)] AS newest
    FROM heads head
    LEFT JOIN rollgate.lane ON lane.lane = head.lane
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (
      SELECT greatest(v_second, lane.swept_to, head.minute * 60 + head.secs[cardinality(head.secs)])::int AS second
    ) own
    WHERE head.minute >= v_second / 60 - 60 AND head.total > head.cleared
  ),
  -- The bases of a head of this minute are those of rollgate.acquire, and those of an older one are those of rollgate.acquire_cold.
  used AS (
    SELECT live.subject, live.newest,
           live.total - CASE
             WHEN live.minute = now_minute THEN rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, before)
             WHEN live.minute = now_minute - 1 THEN rollgate.window_base(cleared, live.start, live.secs, live.sums, before)
             ELSE total END AS minute_used,
           live.total - CASE
             WHEN live.minute = now_minute THEN rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, before)
             WHEN live.minute = now_minute - 60 THEN rollgate.window_base(cleared, live.start, live.secs, live.sums, before)
             WHEN live.minute < now_minute - 60 THEN total
             WHEN first_archived.minute = now_minute - 60
               THEN rollgate.window_base(cleared, first_archived.start, first_archived.secs, first_archived.sums, before)
             ELSE greatest(cleared, coalesce(first_archived.start, live.start)) END AS hour_used
    FROM live
    -- The first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
      WHERE live.minute < now_minute AND live.minute > now_minute - 60
        AND b.lane = live.lane AND b.subject = live.subject AND b.minute >= now_minute - 60
      ORDER BY b.minute LIMIT 1
    ) first_archived ON true
  ),
  named AS (
    SELECT u.*, rollgate.decode_part(split_part(u.subject, '/', 1)) AS account, split_part(u.subject, '/', 2) AS scope
    FROM used u WHERE u.hour_used > 0
  ),
  on_plan AS (
    SELECT DISTINCT ON (a.account) a.account, a.plan
    FROM (SELECT DISTINCT n.account FROM named n) n
    JOIN rollgate.plan_assignment a ON a.account = n.account AND rollgate.in_force(a.starts_at, a.ends_at, v_at)
    ORDER BY a.account, a.starts_at DESC
  ),
  planned AS (
    SELECT p.plan, s.scope, b.* FROM (SELECT DISTINCT plan FROM on_plan) p CROSS JOIN scopes s
    CROSS JOIN LATERAL rollgate.base_limits(s.api, p.plan) b
  ),
  -- Like rollgate.limits_for, for all subjects at once: one call per subject took 84 s for 100,000.
  fitting AS (
    SELECT n.subject, o.id, o.per_minute, o.per_hour, o.factor, o.extra_minute, o.extra_hour, o.mode,
           rollgate.sets_extra(o.extra_minute, o.extra_hour) AS sets_extra,
           rollgate.sets_limit(o.per_minute, o.per_hour, o.factor) AS sets_limit,
           rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank
    FROM named n
    JOIN rollgate.override o ON o.account = n.account AND rollgate.in_force(o.starts_at, o.expires_at, v_at)
      AND (o.subject IS NULL OR o.subject = n.subject)
    JOIN scopes s ON s.scope = n.scope AND rollgate.scope_covers(o.group_id, o.api, s.group_id, s.api)
  ),
  limiting AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.sets_limit ORDER BY f.subject, f.rank DESC
  ),
  adding AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.sets_extra ORDER BY f.subject, f.rank DESC
  ),
  switching AS (
    SELECT DISTINCT ON (f.subject) f.* FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.subject, f.rank DESC
  ),
  yielded AS (
    SELECT n.*, s.mode, rollgate.limit_under(coalesce(b.per_minute, s.per_minute), l.per_minute, l.factor) AS per_minute,
           rollgate.limit_under(coalesce(b.per_hour, s.per_hour), l.per_hour, l.factor) AS per_hour,
           CASE WHEN s.scope IS NOT NULL THEN coalesce(l.id, b.source, 'default') END AS source
    FROM named n
    LEFT JOIN scopes s ON s.scope = n.scope
    LEFT JOIN on_plan p ON p.account = n.account
    LEFT JOIN planned b ON b.plan = p.plan AND b.scope = n.scope
    LEFT JOIN limiting l ON l.subject = n.subject
    OFFSET 0
  )
  SELECT y.account, y.scope, y.subject, y.minute_used, t.per_minute, y.hour_used, t.per_hour,
         CASE WHEN (t.per_minute, t.per_hour) <> (y.per_minute, y.per_hour) THEN e.id ELSE y.source END,
         coalesce(m.mode, y.mode), to_timestamp(y.newest)
  FROM yielded y
  LEFT JOIN adding e ON e.subject = y.subject
  LEFT JOIN switching m ON m.subject = y.subject
  CROSS JOIN LATERAL (
    SELECT rollgate.with_extra(y.per_minute, e.extra_minute) AS per_minute, rollgate.with_extra(y.per_hour, e.extra_hour) AS per_hour
  ) t;
END $$;

COMMENT ON FUNCTION rollgate.live_usage IS
  'Both windows and the effective limits of subjects that have units, at p_at or at a subject''s newest grant, whichever is later';
