-- Explains one decision, or one event, by its id. The limit and the override are reported as they were at the time of the decision.
CREATE OR REPLACE FUNCTION rollgate.explain_denial(p_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int,
  used int, cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, override_factor numeric, override_extra_minute int,
  override_extra_hour int, filled jsonb, allowed_again_at timestamptz, count int, mode text,
  route text, request_id text, sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH event AS (
    SELECT e.*, rollgate.decision_number(p_id) AS number, rollgate.limit_of_window(e.window_name, e.per_minute, e.per_hour) AS "limit",
           CASE e.window_name WHEN 'hour' THEN '3,600 seconds' ELSE '60 seconds' END AS length,
           date_bin('1 minute', e.first_at, 'epoch') AS minute
    FROM rollgate.limit_event e
    WHERE e.id = split_part(p_id, '.', 1) COLLATE "C"
      AND (strpos(p_id, '.') = 0 OR rollgate.decision_number(p_id) BETWEEN 1 AND e.count)
  ),
  known AS (
    SELECT e.*, o.created_by, o.reason, o.ticket, o.expires_at, o.factor, o.extra_minute, o.extra_hour, v.version, p.plan,
           p.plan_title, p.plan_version, p.assigned_by, p.assigned_because, p.assigned_until,
           CASE WHEN e.kind = 'denied' AND e.subject <> '*' THEN coalesce(e.filled, s.filled,
             rollgate.filled_pairs(rollgate.window_filling(e.lane, e.subject, e.window_name, e.first_at))) END AS filling
    FROM event e
    LEFT JOIN LATERAL (
      SELECT rollgate.filled_pairs(x.filled) AS filled FROM rollgate.limit_event_row x JOIN rollgate.event_class k ON k.id = x.class
      WHERE rollgate.value_hash(x.subject, -1) = rollgate.value_hash(e.subject, -1) AND x.subject = e.subject
        AND k.window_name = e.window_name AND x.filled IS NOT NULL
        AND x.first_at >= e.minute AND x.first_at < e.minute + interval '1 minute'
      ORDER BY x.first_at LIMIT 1
    ) s ON e.filled IS NULL
    -- The override as it was then; its first version if, by differing clocks, it appears to be newer than the event.
    LEFT JOIN LATERAL (
      SELECT h.after ->> 'createdBy' AS created_by, h.after ->> 'reason' AS reason, h.after ->> 'ticket' AS ticket,
             (h.after ->> 'expiresAt')::timestamptz AS expires_at,
             (h.after ->> 'factor')::numeric AS factor, (h.after ->> 'extraMinute')::int AS extra_minute,
             (h.after ->> 'extraHour')::int AS extra_hour
      FROM rollgate.history h
      WHERE h.kind = 'override' AND h.target = e.source
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) o ON e.source <> 'default'
    -- The plan as it was then, and the assignment by which the account had it.
    LEFT JOIN LATERAL (
      SELECT h.target AS plan, h.after ->> 'title' AS plan_title, h.after ->> 'version' AS plan_version, a.created_by AS assigned_by,
             a.reason AS assigned_because, a.ends_at AS assigned_until
      FROM rollgate.history h
      LEFT JOIN LATERAL (
        SELECT * FROM rollgate.plan_assignment a
        WHERE a.account = e.account AND a.plan = h.target AND rollgate.in_force(a.starts_at, a.ends_at, e.first_at)
        LIMIT 1
      ) a ON true
      WHERE h.kind = 'plan' AND h.target = substr(e.source, 6)
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) p ON starts_with(e.source, 'plan:')
    LEFT JOIN LATERAL (
      SELECT (h.after ->> 'version')::int AS version FROM rollgate.history h
      WHERE h.kind = 'catalogue' AND h.target = e.api
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) v ON true
  )
  SELECT p_id, e.id, e.number, e.kind, e.account, e.api, e.subject,
         CASE WHEN e.number = e.count THEN e.last_at ELSE e.first_at END,
         e.window_name, e."limit", e.used, e.cost, e.source, e.version, e.created_by, e.reason, e.ticket, e.expires_at, e.factor,
         e.extra_minute, e.extra_hour, e.filling, e.retry_at, e.count, e.mode, e.route, e.request_id,
         concat(
           CASE WHEN e.number IS NULL THEN 'A call' ELSE 'Call ' || e.number END, ' of ', e.account, ' to ', e.api,
           CASE
             WHEN e.kind = 'granted_sample' THEN ' was granted'
             WHEN e.mode = 'shadow' THEN ' was let through in shadow mode, and would have been denied'
             WHEN e.mode = 'fallback_denied' THEN ' was denied while the database was away'
             WHEN e.mode = 'fallback_allowed' THEN ' was let through while the database was away'
             ELSE ' was denied' END,
           CASE e.merged WHEN 'second' THEN ' at ' WHEN 'minute' THEN ' in the minute of ' ELSE ' after ' END, rollgate.utc(e.first_at),
           CASE
             WHEN e.kind = 'granted_sample' THEN format(', its subject %s having used %s of %s units in 60 seconds', e.subject, e.used,
               e."limit")
             WHEN e."limit" = 0 THEN format(' because no units at all are allowed to %s', e.subject)
             WHEN e.cost > e."limit" THEN format(' because the call costs %s units and %s may never use more than %s in any %s', e.cost,
               e.subject, e."limit", e.length)
             ELSE format(' because %s had used %s of the %s units allowed in any %s and the call costs %s', e.subject, e.used, e."limit",
               e.length, e.cost) END,
           CASE
             WHEN e.source = 'default' THEN '; the limit is the default' || coalesce(' of catalogue version ' || e.version, '')
             WHEN starts_with(e.source, 'plan:') THEN concat('; the limit is that of the plan ',
               coalesce(e.plan_title, substr(e.source, 6)),
               ' (' || nullif(e.plan, e.plan_title) || ')', ', version ' || e.plan_version,
               CASE WHEN e.assigned_by IS NULL THEN ', which the call brought'
                 ELSE concat(', assigned by ', e.assigned_by, ' with the reason "',
                 e.assigned_because, '"', coalesce(', until ' || rollgate.utc(e.assigned_until), ', without end')) END)
             ELSE concat('; the limit is override ', e.source, ' (' || trim_scale(e.factor) || ' times the default)',
               CASE WHEN rollgate.sets_extra(e.extra_minute, e.extra_hour) THEN format(' (%s)', concat_ws(', ',
                 '+' || e.extra_minute || ' per minute', '+' || e.extra_hour || ' per hour')) END, ' by ',
               coalesce(e.created_by, 'an author not on record'),
               ' with the reason "' || e.reason || '"', ', ticket ' || e.ticket,
               CASE WHEN e.created_by IS NULL THEN '' ELSE coalesce(', until ' || rollgate.utc(e.expires_at), ', without end') END) END,
           CASE
             WHEN e.kind <> 'denied' OR e.cost > e."limit" THEN ''
             WHEN e.filling IS NULL THEN '; what filled the window is not on record'
             ELSE (
               SELECT format('; the window was filled from %s to %s, most of it (%s of %s) in the %s of %s',
                 rollgate.utc(to_timestamp(min(f.at)), 'HH24:MI:SS'), rollgate.utc(to_timestamp(max(f.at)), 'HH24:MI:SS'), max(f.units),
                 sum(f.units),
                 CASE e.window_name WHEN 'hour' THEN 'minute' ELSE 'second' END,
                 rollgate.utc(to_timestamp((array_agg(f.at ORDER BY f.units DESC, f.at))[1]), 'HH24:MI:SS'))
               FROM (SELECT (x ->> 0)::float8 AS at, (x ->> 1)::bigint AS units FROM jsonb_array_elements(e.filling) x) f) END,
           CASE WHEN e.kind <> 'denied' THEN '' ELSE coalesce('; the call would be allowed at ' || rollgate.utc(e.retry_at),
             '; retrying does not help') END,
           CASE
             WHEN e.kind = 'granted_sample' THEN format('; it stands for %s sampled grants of that second', e.count)
             WHEN e.count = 1 THEN '; it is the only such call of that second'
             WHEN e.merged = 'longer' THEN format('; it is one of %s such calls until %s', e.count, rollgate.utc(e.last_at))
             ELSE format('; it is one of %s such calls of that %s', e.count, e.merged) END,
           ', route ' || e.route,
           CASE WHEN e.count > 1 THEN ', the first with HTTP request ID ' ELSE ', HTTP request ID ' END || e.request_id,
           '.')
  FROM known e
  ORDER BY e.first_at
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.explain_denial IS
  'Explains one decision or event by its id, in columns and in one sentence; no row: the id is not on record';
