-- What an auditor reads: views and functions of the schema `audit`, for psql or any BI tool.
--
-- A view's columns keep their names, types and meaning as long as its name ends with the same _v1; what has to change comes
-- as a _v2 beside it. Views read with their owner's rights; functions they call are checked against whoever reads, so those
-- run with the owner's rights and are granted. Nothing here locks or writes.

CREATE SCHEMA IF NOT EXISTS audit;

COMMENT ON SCHEMA audit IS 'What auditors read: who was denied, when, under which limit, who had set it and why. All times are timestamptz; sessions of rollgate_auditor show them in UTC';

-- The history of overrides and of limit requests, its JSON taken apart.
CREATE VIEW rollgate.override_history AS
SELECT h.id, h.at, h.action, h.target AS override_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'scope' AS scope, h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.before ->> 'perMinute')::int AS per_minute_before, (h.after ->> 'perMinute')::int AS per_minute,
       (h.before ->> 'perHour')::int AS per_hour_before, (h.after ->> 'perHour')::int AS per_hour,
       h.before ->> 'mode' AS mode_before, h.after ->> 'mode' AS mode,
       (h.after ->> 'startsAt')::timestamptz AS starts_at,
       (h.before ->> 'expiresAt')::timestamptz AS expires_at_before, (h.after ->> 'expiresAt')::timestamptz AS expires_at,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.after ->> 'requestId' AS limit_request_id, h.undoes,
       h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'override';

COMMENT ON VIEW rollgate.override_history IS 'Every change of an override, as audit.override_history_v1 tells';

CREATE VIEW rollgate.request_history AS
SELECT h.id, h.at, h.action, h.target AS limit_request_id, h.account, h.actor, h.role, h.address, h.request_id,
       h.after ->> 'group' AS group_id, h.after ->> 'api' AS api, h.after ->> 'subject' AS subject,
       (h.after ->> 'perMinute')::int AS per_minute, (h.after ->> 'perHour')::int AS per_hour,
       (h.after ->> 'until')::timestamptz AS until, h.before ->> 'state' AS state_before, h.after ->> 'state' AS state,
       h.after ->> 'answer' AS answer, h.after ->> 'overrideId' AS override_id, h.reason, h.ticket, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'request';

COMMENT ON VIEW rollgate.request_history IS 'Every step of a limit request, as audit.request_history_v1 tells';

-- Both windows of every subject that holds units now. What rollgate.peek adds up from a subject's minutes is here the difference
-- of two totals: a head of this minute has all of it in one row, an older one needs one look at its minutes. 100,000 subjects
-- take 3 to 5 s.
CREATE FUNCTION rollgate.usage_at(p_at timestamptz)
RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, hour_used bigint, hour_limit int, source text, mode text,
  last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH clock AS (
    SELECT t.at, floor(extract(epoch FROM t.at))::int AS second FROM (SELECT coalesce(p_at, clock_timestamp()) AS at) t
  ),
  live AS (
    SELECT c.*, t.s, t.s / 60 AS m, (t.s % 60)::smallint AS sec, c.total - c.sums[cardinality(c.sums)] AS start,
           c.minute * 60 + c.secs[cardinality(c.secs)] AS newest
    FROM clock
    JOIN rollgate.counter c ON c.minute >= clock.second / 60 - 60 AND c.total > c.cleared
    LEFT JOIN rollgate.lane l ON l.lane = c.lane
    -- The subject's own clock never goes back.
    CROSS JOIN LATERAL (SELECT greatest(clock.second, l.swept_to, c.minute * 60 + c.secs[cardinality(c.secs)])::int AS s) t
  ),
  used AS (
    SELECT v.subject, v.newest,
           v.total - CASE
             WHEN v.minute = v.m THEN rollgate.window_base(v.cleared, v.prev_start, v.prev_secs, v.prev_sums, v.sec)
             WHEN v.minute = v.m - 1 THEN rollgate.window_base(v.cleared, v.start, v.secs, v.sums, v.sec)
             ELSE v.total END AS minute_used,
           v.total - CASE
             WHEN v.minute = v.m THEN rollgate.window_base(v.cleared, v.hour_start, v.hour_secs, v.hour_sums, v.sec)
             WHEN v.minute = v.m - 60 THEN rollgate.window_base(v.cleared, v.start, v.secs, v.sums, v.sec)
             WHEN v.minute < v.m - 60 THEN v.total
             WHEN b.minute = v.m - 60 THEN rollgate.window_base(v.cleared, b.start, b.secs, b.sums, v.sec)
             ELSE greatest(v.cleared, coalesce(b.start, v.start)) END AS hour_used
    FROM live v
    -- the first finished minute that is not older than the minute an hour ago
    LEFT JOIN LATERAL (
      SELECT f.minute, f.start, f.secs, f.sums FROM rollgate.bucket f
      WHERE v.minute < v.m AND v.minute > v.m - 60 AND f.lane = v.lane AND f.subject = v.subject AND f.minute >= v.m - 60
      ORDER BY f.minute LIMIT 1
    ) b ON true
  ),
  named AS (
    SELECT u.*, split_part(u.subject, '/', 1) AS key, split_part(u.subject, '/', 2) AS scope FROM used u WHERE u.hour_used > 0
  ),
  scopes AS (
    SELECT s.scope, c.api, c.group_id, d.per_minute, d.per_hour, CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END AS mode
    FROM (SELECT c.api AS scope FROM rollgate.catalogue c UNION SELECT '@' || c.group_id FROM rollgate.catalogue c WHERE c.scope = 'group') s
    JOIN rollgate.catalogue c ON c.api = rollgate.api_of_scope(s.scope)
    CROSS JOIN LATERAL rollgate.default_limits(c) d
  ),
  -- As rollgate.limits_for, for all subjects at once: one by one, 100,000 took 84 s.
  fitting AS (
    SELECT n.subject, o.id, o.per_minute, o.per_hour, o.mode,
           row_number() OVER (PARTITION BY n.subject, o.per_minute IS NULL AND o.per_hour IS NULL
             ORDER BY o.subject IS NULL, o.api IS NULL, o.group_id IS NULL, o.created_in DESC) AS limit_rank,
           row_number() OVER (PARTITION BY n.subject, o.mode IS NULL
             ORDER BY o.subject IS NULL, o.api IS NULL, o.group_id IS NULL, o.created_in DESC) AS mode_rank
    FROM clock
    JOIN rollgate.override o ON o.starts_at <= clock.at AND (o.expires_at IS NULL OR o.expires_at > clock.at)
    JOIN named n ON n.key = rollgate.encode_part(o.account) AND (o.subject IS NULL OR o.subject = n.subject)
    JOIN scopes s ON s.scope = n.scope AND (o.api IS NULL OR o.api = s.api) AND (o.group_id IS NULL OR o.group_id = s.group_id)
  )
  SELECT rollgate.decode_part(n.key), n.scope, n.subject, n.minute_used, coalesce(l.per_minute, s.per_minute), n.hour_used,
         coalesce(l.per_hour, s.per_hour), CASE WHEN s.scope IS NOT NULL THEN coalesce(l.id, 'default') END, coalesce(m.mode, s.mode),
         to_timestamp(n.newest)
  FROM named n
  LEFT JOIN scopes s ON s.scope = n.scope
  LEFT JOIN fitting l ON l.subject = n.subject AND l.limit_rank = 1 AND (l.per_minute IS NOT NULL OR l.per_hour IS NOT NULL)
  LEFT JOIN fitting m ON m.subject = n.subject AND m.mode_rank = 1 AND m.mode IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.usage_at IS 'Both windows of every subject that holds units, at p_at (NULL: now) or at its newest grant, whichever is later';

CREATE FUNCTION audit.usage_at(at timestamptz)
RETURNS TABLE (
  account text, api text, subject text, minute_used bigint, minute_limit int, minute_remaining bigint, hour_used bigint, hour_limit int,
  hour_remaining bigint, source text, mode text, last_granted_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, greatest(u.minute_limit - u.minute_used, 0),
         u.hour_used, u.hour_limit, greatest(u.hour_limit - u.hour_used, 0), u.source, u.mode, u.last_granted_at
  FROM rollgate.usage_at($1) u
$$;

COMMENT ON FUNCTION audit.usage_at IS 'As audit.usage_now_v1, at another moment of the present hour: at, or the subject''s newest grant, whichever is later';

CREATE FUNCTION audit.explain_denial(denial_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int, used int,
  cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, filled jsonb, allowed_again_at timestamptz, count int, mode text, route text, request_id text,
  sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.explain_denial($1)
$$;

COMMENT ON FUNCTION audit.explain_denial IS 'One denial by its id, as the problem body of the denied call names it, or one limit event: in columns, and all of it in one sentence; no row: no such id is on record';

CREATE FUNCTION audit.limit_as_of(account text, api text, subject text, at timestamptz)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.limit_as_of($1, $2, $3, $4)
$$;

COMMENT ON FUNCTION audit.limit_as_of IS 'The limits that applied to a subject (a key, e.g. acme/publish-bot/bot=b-17) of an API at a moment, where they came from and the mode; no row: the API was not known yet';

CREATE FUNCTION audit.verify_history(OUT ok boolean, OUT rows_checked bigint, OUT last_hash text, OUT broken_id bigint, OUT broken_why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.broken_id IS NULL, v.rows_checked, v.last_hash, v.broken_id, v.broken_why FROM rollgate.verify_history() v
$$;

COMMENT ON FUNCTION audit.verify_history IS 'Proves that the history is complete and unchanged, or names the first row that is not; compare last_hash with one you noted earlier';

CREATE FUNCTION audit.recheck_decisions("from" timestamptz, "to" timestamptz)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_told int, used_in_truth bigint,
  cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.recheck_decisions($1, $2)
$$;

COMMENT ON FUNCTION audit.recheck_decisions IS 'As audit.recheck_decisions_v1, of a span of time; both ends are included';

CREATE VIEW audit.limit_events_v1 AS
SELECT e.id, e.kind, e.account, e.api, e.group_id, array_to_string(e.level, '+') AS level, e.subject, e.dimensions, e.window_name,
       CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END AS limit_units, e.per_minute, e.per_hour, e.used, e.cost,
       e.source, e.policy_version, e.mode, e.first_at, e.last_at, e.count, e.units, e.node, e.route, e.request_id, e.retry_at, e.merged, e.filled
FROM rollgate.limit_event e;

-- Hours outermost, each summed up by itself: a condition on `hour` then reaches the partitions, one on the account the index.
CREATE VIEW audit.denials_by_hour_v1 AS
SELECT h.hour, e.account, e.api, e.group_id, e.window_name, e.mode, e.source, e.denials, e.units, e.events
FROM (
  SELECT generate_series(date_trunc('hour', b.oldest, 'UTC'), b.newest, interval '1 hour') AS hour
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event o) b
) h
CROSS JOIN LATERAL (
  SELECT x.account, x.api, x.group_id, x.window_name, x.mode, x.source, sum(x.count)::bigint AS denials, sum(x.units)::bigint AS units,
         count(*) AS events
  FROM rollgate.limit_event x
  WHERE x.first_at >= h.hour AND x.first_at < h.hour + interval '1 hour' AND x.kind = 'denied'
  GROUP BY x.account, x.api, x.group_id, x.window_name, x.mode, x.source
) e;

CREATE VIEW audit.usage_by_minute_v1 AS
SELECT rollgate.decode_part(split_part(u.subject, '/', 1)) AS account, split_part(u.subject, '/', 2) AS api, u.subject,
       to_timestamp(u.minute * 60::float8) AS minute, u.units
FROM (
  SELECT b.subject, b.minute, b.sums[cardinality(b.sums)]::bigint AS units FROM rollgate.bucket b
  UNION ALL
  SELECT c.subject, c.minute, c.sums[cardinality(c.sums)]::bigint FROM rollgate.counter c
) u
WHERE u.units > 0;

CREATE VIEW audit.usage_now_v1 AS
SELECT u.account, u.api, u.subject, u.minute_used, u.minute_limit, u.minute_remaining, u.hour_used, u.hour_limit, u.hour_remaining, u.source,
       u.mode, u.last_granted_at
FROM audit.usage_at(NULL) u;

CREATE VIEW audit.overrides_in_force_v1 AS
SELECT o.id, o.account, o.scope, o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.mode, o.starts_at, o.expires_at,
       o.expires_at IS NULL AS permanent, o.reason, o.ticket, o.created_by, o.created_at, o.changed_at, o.request_id AS limit_request_id, o.version,
       d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(o.per_minute::numeric / nullif(d.per_minute, 0), 2) AS times_per_minute,
       round(o.per_hour::numeric / nullif(d.per_hour, 0), 2) AS times_per_hour,
       u.first_used_at, u.last_used_at, u.peak_minute, u.peak_hour, u.needed_at
FROM rollgate.override o
LEFT JOIN rollgate.override_use u ON u.override_id = o.id
LEFT JOIN LATERAL (
  SELECT min(l.per_minute) AS per_minute, min(l.per_hour) AS per_hour
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) l
  WHERE (o.api IS NULL OR c.api = o.api) AND (o.group_id IS NULL OR c.group_id = o.group_id)
) d ON true
WHERE o.starts_at <= clock_timestamp() AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp());

CREATE VIEW audit.override_history_v1 AS
SELECT h.id, h.at, h.action, h.override_id, h.account, h.actor, h.role, h.address, h.request_id, h.scope, h.group_id, h.api, h.subject,
       h.per_minute_before, h.per_minute, h.per_hour_before, h.per_hour, h.mode_before, h.mode, h.starts_at, h.expires_at_before, h.expires_at,
       h.version, h.reason, h.ticket, h.limit_request_id, h.undoes, d.per_minute AS default_per_minute, d.per_hour AS default_per_hour,
       round(h.per_minute::numeric / nullif(d.per_minute, 0), 2) AS times_per_minute,
       round(h.per_hour::numeric / nullif(d.per_hour, 0), 2) AS times_per_hour,
       h.before, h.after, h.hash
FROM rollgate.override_history h
-- the least default in the scope, as it stood then
LEFT JOIN LATERAL (
  SELECT min(coalesce((c.after ->> 'perMinute')::int, (c.after ->> 'shippedPerMinute')::int)) AS per_minute,
         min(coalesce((c.after ->> 'perHour')::int, (c.after ->> 'shippedPerHour')::int)) AS per_hour
  FROM (
    SELECT DISTINCT ON (x.target) x.after FROM rollgate.history x
    WHERE x.kind = 'catalogue' AND (h.api IS NULL OR x.target = h.api) AND x.id < h.id
    ORDER BY x.target, x.id DESC
  ) c
  WHERE h.group_id IS NULL OR c.after ->> 'group' = h.group_id
) d ON true;

CREATE VIEW audit.request_history_v1 AS
SELECT h.id, h.at, h.action, h.limit_request_id, h.account, h.actor, h.role, h.address, h.request_id, h.group_id, h.api, h.subject,
       h.per_minute, h.per_hour, h.until, h.state_before, h.state, h.answer, h.override_id, h.reason, h.ticket, h.before, h.after, h.hash
FROM rollgate.request_history h;

CREATE VIEW audit.catalogue_history_v1 AS
SELECT h.id, h.at, h.action, h.target AS api, h.after ->> 'group' AS group_id, h.actor, h.role, h.address, h.request_id,
       coalesce((h.before ->> 'perMinute')::int, (h.before ->> 'shippedPerMinute')::int) AS per_minute_before,
       coalesce((h.after ->> 'perMinute')::int, (h.after ->> 'shippedPerMinute')::int) AS per_minute,
       coalesce((h.before ->> 'perHour')::int, (h.before ->> 'shippedPerHour')::int) AS per_hour_before,
       coalesce((h.after ->> 'perHour')::int, (h.after ->> 'shippedPerHour')::int) AS per_hour,
       (h.before ->> 'shadow')::boolean AS shadow_before, (h.after ->> 'shadow')::boolean AS shadow,
       (h.after ->> 'version')::int AS version, h.reason, h.ticket, h.undoes, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind = 'catalogue';

CREATE VIEW audit.staff_history_v1 AS
SELECT h.id, h.at, h.kind, h.action, h.target, coalesce(h.after, h.before) ->> CASE h.kind WHEN 'staff' THEN 'login' ELSE 'name' END AS name,
       h.actor, h.role AS actor_role, h.address, h.request_id, h.before ->> 'role' AS role_before, h.after ->> 'role' AS role,
       h.reason, h.before, h.after, h.hash
FROM rollgate.history h
WHERE h.kind IN ('staff', 'token');

CREATE VIEW audit.limit_requests_v1 AS
SELECT r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.until, r.reason, r.ticket, r.denial_id, r.denial, r.asked_by,
       r.asked_at, r.needs_admin, r.state, r.decided_by, r.decided_at,
       floor(extract(epoch FROM r.decided_at - r.asked_at))::bigint AS seconds_to_decision, r.answer, r.override_id,
       o.per_minute AS override_per_minute, o.per_hour AS override_per_hour, o.expires_at AS override_expires_at, r.version
FROM rollgate.limit_request r
LEFT JOIN rollgate.override o ON o.id = r.override_id;

CREATE VIEW audit.catalogue_v1 AS
SELECT c.api, c.title, c.group_id, c.group_title, array_to_string(c.level, '+') AS level, c.scope,
       coalesce(c.per_minute, c.shipped_per_minute) AS per_minute, coalesce(c.per_hour, c.shipped_per_hour) AS per_hour,
       c.shipped_per_minute, c.shipped_per_hour, c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL AS edited, c.shadow, c.version, c.changed_at,
       c.changed_by
FROM rollgate.catalogue c;

-- Days outermost: a condition on `day` leaves only its events to be judged.
CREATE VIEW audit.recheck_decisions_v1 AS
SELECT d.day, r.event_id, r.account, r.api, r.subject, r.at, r.window_name, r.limit_units, r.used_told, r.used_in_truth, r.cost, r.count
FROM (
  SELECT generate_series(date_trunc('day', b.oldest, 'UTC'), b.newest, interval '1 day') AS day
  FROM (SELECT min(o.first_at) AS oldest, max(o.first_at) AS newest FROM rollgate.limit_event o) b
) d
CROSS JOIN LATERAL rollgate.recheck_decisions(d.day, d.day + interval '1 day' - interval '1 microsecond') r;

COMMENT ON VIEW audit.limit_events_v1 IS 'Denied calls, also those let through in shadow mode, counted by second; and samples of grants. One partition a day (UTC): a condition on first_at keeps the others untouched';
COMMENT ON COLUMN audit.limit_events_v1.id             IS 'names the event; the id of its n-th denial is <id>.<n>, n in base 36 from 1: audit.explain_denial takes both';
COMMENT ON COLUMN audit.limit_events_v1.kind           IS 'denied: calls that had no room; granted_sample: grants, of which a fraction is recorded';
COMMENT ON COLUMN audit.limit_events_v1.account        IS 'the tenant; * where all accounts were added up; _rollgate: the service''s own sign-in';
COMMENT ON COLUMN audit.limit_events_v1.api            IS 'API that was called, e.g. publish-bot';
COMMENT ON COLUMN audit.limit_events_v1.group_id       IS 'group of the API';
COMMENT ON COLUMN audit.limit_events_v1.level          IS 'dimensions that make the subject, e.g. bot, account+table';
COMMENT ON COLUMN audit.limit_events_v1.subject        IS 'key of the counted subject, e.g. acme/publish-bot/bot=b-17; * where all subjects were added up';
COMMENT ON COLUMN audit.limit_events_v1.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN audit.limit_events_v1.window_name    IS 'the window that denied: minute (any 60 s) or hour (any 3,600 s); hour where both had no room; NULL: a grant';
COMMENT ON COLUMN audit.limit_events_v1.limit_units    IS 'limit in force of that window, in units; of a grant, of the minute';
COMMENT ON COLUMN audit.limit_events_v1.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN audit.limit_events_v1.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN audit.limit_events_v1.used           IS 'units in that window as the first call was told; of a grant, in the minute, with it';
COMMENT ON COLUMN audit.limit_events_v1.cost           IS 'units each call asked for; of merged events, the first call';
COMMENT ON COLUMN audit.limit_events_v1.source         IS 'default, or the id of the override that set the limit';
COMMENT ON COLUMN audit.limit_events_v1.policy_version IS 'version of the policy on the node that decided';
COMMENT ON COLUMN audit.limit_events_v1.mode           IS 'enforced: denied; shadow: let through; fallback_allowed, fallback_denied: decided while the database was away';
COMMENT ON COLUMN audit.limit_events_v1.first_at       IS 'first call, by the database''s clock';
COMMENT ON COLUMN audit.limit_events_v1.last_at        IS 'last call, by the database''s clock';
COMMENT ON COLUMN audit.limit_events_v1.count          IS 'calls: sum it to count denials';
COMMENT ON COLUMN audit.limit_events_v1.units          IS 'units all the calls asked for';
COMMENT ON COLUMN audit.limit_events_v1.node           IS 'host and process that decided';
COMMENT ON COLUMN audit.limit_events_v1.route          IS 'route of the first call';
COMMENT ON COLUMN audit.limit_events_v1.request_id     IS 'request of the first call';
COMMENT ON COLUMN audit.limit_events_v1.retry_at       IS 'when the first call fits if nobody else spends; NULL: no wait helps';
COMMENT ON COLUMN audit.limit_events_v1.merged         IS 'second: calls of one second; minute, longer: the node had too many events and added them up';
COMMENT ON COLUMN audit.limit_events_v1.filled         IS 'what filled the window: [[Unix second, units], …], of the hour by minutes; once a subject, window and minute';

COMMENT ON VIEW audit.denials_by_hour_v1 IS 'Denied calls by hour (UTC), account, API, window, mode and source. A condition on hour keeps other days untouched';
COMMENT ON COLUMN audit.denials_by_hour_v1.hour        IS 'start of the hour in which the first call of an event was';
COMMENT ON COLUMN audit.denials_by_hour_v1.account     IS 'as in limit_events_v1';
COMMENT ON COLUMN audit.denials_by_hour_v1.api         IS 'API that was called';
COMMENT ON COLUMN audit.denials_by_hour_v1.group_id    IS 'group of the API';
COMMENT ON COLUMN audit.denials_by_hour_v1.window_name IS 'the window that denied';
COMMENT ON COLUMN audit.denials_by_hour_v1.mode        IS 'as in limit_events_v1: only enforced and fallback_denied turned callers away';
COMMENT ON COLUMN audit.denials_by_hour_v1.source      IS 'default, or the id of the override that set the limit';
COMMENT ON COLUMN audit.denials_by_hour_v1.denials     IS 'calls';
COMMENT ON COLUMN audit.denials_by_hour_v1.units       IS 'units they asked for';
COMMENT ON COLUMN audit.denials_by_hour_v1.events      IS 'rows of limit_events_v1';

COMMENT ON VIEW audit.usage_by_minute_v1 IS 'Units granted by subject and minute, with the minute under way, as long as minutes are kept (a day by default). On Postgres 18 a condition on subject finds its rows by index';
COMMENT ON COLUMN audit.usage_by_minute_v1.account IS 'the tenant';
COMMENT ON COLUMN audit.usage_by_minute_v1.api     IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN audit.usage_by_minute_v1.subject IS 'key of the counted subject';
COMMENT ON COLUMN audit.usage_by_minute_v1.minute  IS 'start of the minute';
COMMENT ON COLUMN audit.usage_by_minute_v1.units   IS 'units granted in it and not refunded';

COMMENT ON VIEW audit.usage_now_v1 IS 'Subjects that hold units in a window now, with both windows and the limits that apply. Reads every live counter: some seconds with hundreds of thousands';
COMMENT ON COLUMN audit.usage_now_v1.account          IS 'the tenant';
COMMENT ON COLUMN audit.usage_now_v1.api              IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN audit.usage_now_v1.subject          IS 'key of the counted subject';
COMMENT ON COLUMN audit.usage_now_v1.minute_used      IS 'units in the last 60 s';
COMMENT ON COLUMN audit.usage_now_v1.minute_limit     IS 'units allowed in any 60 s; NULL: the API is in no catalogue';
COMMENT ON COLUMN audit.usage_now_v1.minute_remaining IS 'units left of it';
COMMENT ON COLUMN audit.usage_now_v1.hour_used        IS 'units in the last 3,600 s';
COMMENT ON COLUMN audit.usage_now_v1.hour_limit       IS 'units allowed in any 3,600 s; NULL: the API is in no catalogue';
COMMENT ON COLUMN audit.usage_now_v1.hour_remaining   IS 'units left of it';
COMMENT ON COLUMN audit.usage_now_v1.source           IS 'default, or the id of the override that sets the limits';
COMMENT ON COLUMN audit.usage_now_v1.mode             IS 'enforced; shadow: denials are recorded, not enforced';
COMMENT ON COLUMN audit.usage_now_v1.last_granted_at  IS 'second of the newest grant';

COMMENT ON VIEW audit.overrides_in_force_v1 IS 'Custom limits that hold now, with their defaults and what they were used for. Where several fit a subject, the most specific one wins, among equals the newest';
COMMENT ON COLUMN audit.overrides_in_force_v1.id                 IS 'id of the override';
COMMENT ON COLUMN audit.overrides_in_force_v1.account            IS 'the tenant it is for';
COMMENT ON COLUMN audit.overrides_in_force_v1.scope              IS 'account, group, api or subject: what of the account it is for';
COMMENT ON COLUMN audit.overrides_in_force_v1.group_id           IS 'the group, where it is for one';
COMMENT ON COLUMN audit.overrides_in_force_v1.api                IS 'the API, where it is for one';
COMMENT ON COLUMN audit.overrides_in_force_v1.subject            IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN audit.overrides_in_force_v1.per_minute         IS 'units in any 60 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN audit.overrides_in_force_v1.per_hour           IS 'units in any 3,600 s; 0 blocks; NULL: the default';
COMMENT ON COLUMN audit.overrides_in_force_v1.mode               IS 'shadow: denials are recorded, not enforced; NULL: says nothing about that';
COMMENT ON COLUMN audit.overrides_in_force_v1.starts_at          IS 'holds from then';
COMMENT ON COLUMN audit.overrides_in_force_v1.expires_at         IS 'holds until just before; NULL: permanent';
COMMENT ON COLUMN audit.overrides_in_force_v1.permanent          IS 'has no end';
COMMENT ON COLUMN audit.overrides_in_force_v1.reason             IS 'why, as whoever changed it last wrote';
COMMENT ON COLUMN audit.overrides_in_force_v1.ticket             IS 'ticket; NULL: none was given';
COMMENT ON COLUMN audit.overrides_in_force_v1.created_by         IS 'who made it, e.g. staff:ann@example.com';
COMMENT ON COLUMN audit.overrides_in_force_v1.created_at         IS 'when it was made';
COMMENT ON COLUMN audit.overrides_in_force_v1.changed_at         IS 'when it was changed last';
COMMENT ON COLUMN audit.overrides_in_force_v1.limit_request_id   IS 'the limit request it was made for';
COMMENT ON COLUMN audit.overrides_in_force_v1.version            IS 'goes up with each change';
COMMENT ON COLUMN audit.overrides_in_force_v1.default_per_minute IS 'least default of the APIs in its scope';
COMMENT ON COLUMN audit.overrides_in_force_v1.default_per_hour   IS 'least default of the APIs in its scope';
COMMENT ON COLUMN audit.overrides_in_force_v1.times_per_minute   IS 'how many times that default, with two decimals';
COMMENT ON COLUMN audit.overrides_in_force_v1.times_per_hour     IS 'how many times that default, with two decimals';
COMMENT ON COLUMN audit.overrides_in_force_v1.first_used_at      IS 'it first decided a call; NULL: never';
COMMENT ON COLUMN audit.overrides_in_force_v1.last_used_at       IS 'it last decided a call';
COMMENT ON COLUMN audit.overrides_in_force_v1.peak_minute        IS 'most units in 60 s that a subject came to under it';
COMMENT ON COLUMN audit.overrides_in_force_v1.peak_hour          IS 'most units in 3,600 s that a subject came to under it';
COMMENT ON COLUMN audit.overrides_in_force_v1.needed_at          IS 'last time it admitted a call that the default would have denied; NULL: it was never needed';

COMMENT ON VIEW audit.override_history_v1 IS 'Every change of an override: who, when, from where, why, from which limits to which';
COMMENT ON COLUMN audit.override_history_v1.id                 IS 'place in the chain of the history';
COMMENT ON COLUMN audit.override_history_v1.at                 IS 'when it was changed';
COMMENT ON COLUMN audit.override_history_v1.action             IS 'create, change, expire, restore or undo';
COMMENT ON COLUMN audit.override_history_v1.override_id        IS 'id of the override';
COMMENT ON COLUMN audit.override_history_v1.account            IS 'the tenant it is for';
COMMENT ON COLUMN audit.override_history_v1.actor              IS 'who changed it: staff:<login>, token:<name>, cli:<user>';
COMMENT ON COLUMN audit.override_history_v1.role               IS 'role in which the actor did';
COMMENT ON COLUMN audit.override_history_v1.address            IS 'network address of the actor';
COMMENT ON COLUMN audit.override_history_v1.request_id         IS 'HTTP request that made the change';
COMMENT ON COLUMN audit.override_history_v1.scope              IS 'account, group, api or subject';
COMMENT ON COLUMN audit.override_history_v1.group_id           IS 'the group, where it is for one';
COMMENT ON COLUMN audit.override_history_v1.api                IS 'the API, where it is for one';
COMMENT ON COLUMN audit.override_history_v1.subject            IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN audit.override_history_v1.per_minute_before  IS 'units in any 60 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN audit.override_history_v1.per_minute         IS 'units in any 60 s after; NULL: the default';
COMMENT ON COLUMN audit.override_history_v1.per_hour_before    IS 'units in any 3,600 s before; NULL: the default, or there was no override';
COMMENT ON COLUMN audit.override_history_v1.per_hour           IS 'units in any 3,600 s after; NULL: the default';
COMMENT ON COLUMN audit.override_history_v1.mode_before        IS 'mode before';
COMMENT ON COLUMN audit.override_history_v1.mode               IS 'mode after';
COMMENT ON COLUMN audit.override_history_v1.starts_at          IS 'start after the change';
COMMENT ON COLUMN audit.override_history_v1.expires_at_before  IS 'end before; NULL: permanent, or there was no override';
COMMENT ON COLUMN audit.override_history_v1.expires_at         IS 'end after the change; NULL: permanent';
COMMENT ON COLUMN audit.override_history_v1.version            IS 'version after the change';
COMMENT ON COLUMN audit.override_history_v1.reason             IS 'why';
COMMENT ON COLUMN audit.override_history_v1.ticket             IS 'ticket';
COMMENT ON COLUMN audit.override_history_v1.limit_request_id   IS 'the limit request it was made for';
COMMENT ON COLUMN audit.override_history_v1.undoes             IS 'id of the change that this one took back';
COMMENT ON COLUMN audit.override_history_v1.default_per_minute IS 'least default of the APIs in its scope, as it stood then';
COMMENT ON COLUMN audit.override_history_v1.default_per_hour   IS 'least default of the APIs in its scope, as it stood then';
COMMENT ON COLUMN audit.override_history_v1.times_per_minute   IS 'per_minute as times of that default, with two decimals';
COMMENT ON COLUMN audit.override_history_v1.times_per_hour     IS 'per_hour as times of that default, with two decimals';
COMMENT ON COLUMN audit.override_history_v1.before             IS 'all of it before; NULL: it was made';
COMMENT ON COLUMN audit.override_history_v1.after              IS 'all of it after';
COMMENT ON COLUMN audit.override_history_v1.hash               IS 'SHA-256 of this row and all before it: audit.verify_history() proves it';

COMMENT ON VIEW audit.request_history_v1 IS 'Every step of a limit request: asked, approved, declined';
COMMENT ON COLUMN audit.request_history_v1.id               IS 'place in the chain of the history';
COMMENT ON COLUMN audit.request_history_v1.at               IS 'when';
COMMENT ON COLUMN audit.request_history_v1.action           IS 'ask, approve or decline';
COMMENT ON COLUMN audit.request_history_v1.limit_request_id IS 'id of the limit request';
COMMENT ON COLUMN audit.request_history_v1.account          IS 'the tenant it is for';
COMMENT ON COLUMN audit.request_history_v1.actor            IS 'who: account:<account> or staff:<login>';
COMMENT ON COLUMN audit.request_history_v1.role             IS 'role in which the actor did';
COMMENT ON COLUMN audit.request_history_v1.address          IS 'network address of the actor';
COMMENT ON COLUMN audit.request_history_v1.request_id       IS 'HTTP request';
COMMENT ON COLUMN audit.request_history_v1.group_id         IS 'the group, where it is for one';
COMMENT ON COLUMN audit.request_history_v1.api              IS 'the API, where it is for one';
COMMENT ON COLUMN audit.request_history_v1.subject          IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN audit.request_history_v1.per_minute       IS 'units in any 60 s that were asked for';
COMMENT ON COLUMN audit.request_history_v1.per_hour         IS 'units in any 3,600 s that were asked for';
COMMENT ON COLUMN audit.request_history_v1.until            IS 'wanted until; NULL: for good';
COMMENT ON COLUMN audit.request_history_v1.state_before     IS 'state before; NULL: it was asked';
COMMENT ON COLUMN audit.request_history_v1.state            IS 'open, approved or declined';
COMMENT ON COLUMN audit.request_history_v1.answer           IS 'what the account was told';
COMMENT ON COLUMN audit.request_history_v1.override_id      IS 'the override that was made of it';
COMMENT ON COLUMN audit.request_history_v1.reason           IS 'why, by the actor';
COMMENT ON COLUMN audit.request_history_v1.ticket           IS 'ticket';
COMMENT ON COLUMN audit.request_history_v1.before           IS 'all of it before; NULL: it was asked';
COMMENT ON COLUMN audit.request_history_v1.after            IS 'all of it after';
COMMENT ON COLUMN audit.request_history_v1.hash             IS 'SHA-256 of this row and all before it';

COMMENT ON VIEW audit.catalogue_history_v1 IS 'Every change of an API''s default limits, also by a new version of the program';
COMMENT ON COLUMN audit.catalogue_history_v1.id                IS 'place in the chain of the history';
COMMENT ON COLUMN audit.catalogue_history_v1.at                IS 'when';
COMMENT ON COLUMN audit.catalogue_history_v1.action            IS 'add and ship: by the program; change, undo: by an admin';
COMMENT ON COLUMN audit.catalogue_history_v1.api               IS 'the API';
COMMENT ON COLUMN audit.catalogue_history_v1.group_id          IS 'its group';
COMMENT ON COLUMN audit.catalogue_history_v1.actor             IS 'who';
COMMENT ON COLUMN audit.catalogue_history_v1.role              IS 'role in which the actor did';
COMMENT ON COLUMN audit.catalogue_history_v1.address           IS 'network address of the actor';
COMMENT ON COLUMN audit.catalogue_history_v1.request_id        IS 'HTTP request';
COMMENT ON COLUMN audit.catalogue_history_v1.per_minute_before IS 'default units in any 60 s before; NULL: it was added';
COMMENT ON COLUMN audit.catalogue_history_v1.per_minute        IS 'default units in any 60 s after';
COMMENT ON COLUMN audit.catalogue_history_v1.per_hour_before   IS 'default units in any 3,600 s before; NULL: it was added';
COMMENT ON COLUMN audit.catalogue_history_v1.per_hour          IS 'default units in any 3,600 s after';
COMMENT ON COLUMN audit.catalogue_history_v1.shadow_before     IS 'denials were recorded only, before';
COMMENT ON COLUMN audit.catalogue_history_v1.shadow            IS 'denials are recorded only, after';
COMMENT ON COLUMN audit.catalogue_history_v1.version           IS 'version of the API''s defaults after the change';
COMMENT ON COLUMN audit.catalogue_history_v1.reason            IS 'why';
COMMENT ON COLUMN audit.catalogue_history_v1.ticket            IS 'ticket';
COMMENT ON COLUMN audit.catalogue_history_v1.undoes            IS 'id of the change that this one took back';
COMMENT ON COLUMN audit.catalogue_history_v1.before            IS 'all of it before; NULL: it was added';
COMMENT ON COLUMN audit.catalogue_history_v1.after             IS 'all of it after';
COMMENT ON COLUMN audit.catalogue_history_v1.hash              IS 'SHA-256 of this row and all before it';

COMMENT ON VIEW audit.staff_history_v1 IS 'Every change of who may do what in the service: people and tokens';
COMMENT ON COLUMN audit.staff_history_v1.id          IS 'place in the chain of the history';
COMMENT ON COLUMN audit.staff_history_v1.at          IS 'when';
COMMENT ON COLUMN audit.staff_history_v1.kind        IS 'staff: a person; token: a machine';
COMMENT ON COLUMN audit.staff_history_v1.action      IS 'e.g. add, role, disable, enable, password, create, revoke';
COMMENT ON COLUMN audit.staff_history_v1.target      IS 'id of the person or token';
COMMENT ON COLUMN audit.staff_history_v1.name        IS 'login of the person, name of the token';
COMMENT ON COLUMN audit.staff_history_v1.actor       IS 'who changed it';
COMMENT ON COLUMN audit.staff_history_v1.actor_role  IS 'role in which the actor did';
COMMENT ON COLUMN audit.staff_history_v1.address     IS 'network address of the actor';
COMMENT ON COLUMN audit.staff_history_v1.request_id  IS 'HTTP request';
COMMENT ON COLUMN audit.staff_history_v1.role_before IS 'role of the person or token before; NULL: it was added';
COMMENT ON COLUMN audit.staff_history_v1.role        IS 'role of the person or token after';
COMMENT ON COLUMN audit.staff_history_v1.reason      IS 'why; NULL: nothing was said';
COMMENT ON COLUMN audit.staff_history_v1.before      IS 'all of it before, without secrets';
COMMENT ON COLUMN audit.staff_history_v1.after       IS 'all of it after, without secrets';
COMMENT ON COLUMN audit.staff_history_v1.hash        IS 'SHA-256 of this row and all before it';

COMMENT ON VIEW audit.limit_requests_v1 IS 'Wishes for a higher limit, with their answers and how long those took';
COMMENT ON COLUMN audit.limit_requests_v1.id                  IS 'id of the limit request';
COMMENT ON COLUMN audit.limit_requests_v1.account             IS 'the tenant it is for';
COMMENT ON COLUMN audit.limit_requests_v1.group_id            IS 'the group, where it is for one';
COMMENT ON COLUMN audit.limit_requests_v1.api                 IS 'the API, where it is for one';
COMMENT ON COLUMN audit.limit_requests_v1.subject             IS 'the subject''s key, where it is for one';
COMMENT ON COLUMN audit.limit_requests_v1.per_minute          IS 'units in any 60 s that were asked for; NULL: not asked for';
COMMENT ON COLUMN audit.limit_requests_v1.per_hour            IS 'units in any 3,600 s that were asked for; NULL: not asked for';
COMMENT ON COLUMN audit.limit_requests_v1.until               IS 'wanted until; NULL: for good';
COMMENT ON COLUMN audit.limit_requests_v1.reason              IS 'why it is wanted';
COMMENT ON COLUMN audit.limit_requests_v1.ticket              IS 'ticket';
COMMENT ON COLUMN audit.limit_requests_v1.denial_id           IS 'the denial it was asked for: see audit.explain_denial';
COMMENT ON COLUMN audit.limit_requests_v1.denial              IS 'what the denial''s link told';
COMMENT ON COLUMN audit.limit_requests_v1.asked_by            IS 'account:<account>, or staff:<login> above its ceiling';
COMMENT ON COLUMN audit.limit_requests_v1.asked_at            IS 'when it was asked';
COMMENT ON COLUMN audit.limit_requests_v1.needs_admin         IS 'asked for above the ceiling of whoever asked';
COMMENT ON COLUMN audit.limit_requests_v1.state               IS 'open, approved or declined';
COMMENT ON COLUMN audit.limit_requests_v1.decided_by          IS 'who decided; NULL: it is open';
COMMENT ON COLUMN audit.limit_requests_v1.decided_at          IS 'when it was decided; NULL: it is open';
COMMENT ON COLUMN audit.limit_requests_v1.seconds_to_decision IS 'from asking to the decision, in seconds; NULL: it is open';
COMMENT ON COLUMN audit.limit_requests_v1.answer              IS 'what the account was told';
COMMENT ON COLUMN audit.limit_requests_v1.override_id         IS 'the override that was made of it';
COMMENT ON COLUMN audit.limit_requests_v1.override_per_minute IS 'units in any 60 s of that override as it stands now';
COMMENT ON COLUMN audit.limit_requests_v1.override_per_hour   IS 'units in any 3,600 s of that override as it stands now';
COMMENT ON COLUMN audit.limit_requests_v1.override_expires_at IS 'end of that override as it stands now; NULL: permanent, or there is none';
COMMENT ON COLUMN audit.limit_requests_v1.version             IS 'goes up with each step';

COMMENT ON VIEW audit.catalogue_v1 IS 'The APIs and their default limits in force now';
COMMENT ON COLUMN audit.catalogue_v1.api                IS 'the API, e.g. publish-bot';
COMMENT ON COLUMN audit.catalogue_v1.title              IS 'its name for people';
COMMENT ON COLUMN audit.catalogue_v1.group_id           IS 'its group, e.g. bot-definition';
COMMENT ON COLUMN audit.catalogue_v1.group_title        IS 'the group''s name for people';
COMMENT ON COLUMN audit.catalogue_v1.level              IS 'dimensions that make the counted subject, e.g. bot, account+table';
COMMENT ON COLUMN audit.catalogue_v1.scope              IS 'api: counted by itself; group: counted together with its group';
COMMENT ON COLUMN audit.catalogue_v1.per_minute         IS 'default units in any 60 s';
COMMENT ON COLUMN audit.catalogue_v1.per_hour           IS 'default units in any 3,600 s';
COMMENT ON COLUMN audit.catalogue_v1.shipped_per_minute IS 'as the program ships it';
COMMENT ON COLUMN audit.catalogue_v1.shipped_per_hour   IS 'as the program ships it';
COMMENT ON COLUMN audit.catalogue_v1.edited             IS 'an admin has set a default of its own';
COMMENT ON COLUMN audit.catalogue_v1.shadow             IS 'denials are recorded, not enforced';
COMMENT ON COLUMN audit.catalogue_v1.version            IS 'goes up with each change';
COMMENT ON COLUMN audit.catalogue_v1.changed_at         IS 'when it was changed last';
COMMENT ON COLUMN audit.catalogue_v1.changed_by         IS 'who changed it last';

COMMENT ON VIEW audit.recheck_decisions_v1 IS 'Denials that had room, judged once more by the units on record: always empty. A condition on day leaves only its events to be judged; minutes are kept for a day by default, and older events can''t be judged';
COMMENT ON COLUMN audit.recheck_decisions_v1.day           IS 'the day (UTC) of the event';
COMMENT ON COLUMN audit.recheck_decisions_v1.event_id      IS 'the event: see limit_events_v1';
COMMENT ON COLUMN audit.recheck_decisions_v1.account       IS 'the tenant';
COMMENT ON COLUMN audit.recheck_decisions_v1.api           IS 'API that was called';
COMMENT ON COLUMN audit.recheck_decisions_v1.subject       IS 'key of the counted subject';
COMMENT ON COLUMN audit.recheck_decisions_v1.at            IS 'first call';
COMMENT ON COLUMN audit.recheck_decisions_v1.window_name   IS 'the window that denied';
COMMENT ON COLUMN audit.recheck_decisions_v1.limit_units   IS 'its limit';
COMMENT ON COLUMN audit.recheck_decisions_v1.used_told     IS 'units in the window as the call was told';
COMMENT ON COLUMN audit.recheck_decisions_v1.used_in_truth IS 'units in the window by what is on record';
COMMENT ON COLUMN audit.recheck_decisions_v1.cost          IS 'units each call asked for';
COMMENT ON COLUMN audit.recheck_decisions_v1.count         IS 'calls';

SELECT rollgate.hand_over();

GRANT SELECT ON rollgate.override_history, rollgate.request_history TO rollgate_admin_api;
GRANT USAGE ON SCHEMA audit TO rollgate_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO rollgate_auditor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA audit TO rollgate_auditor;
-- Called by the views. Without USAGE on their schema an auditor can't call them by name.
GRANT EXECUTE ON FUNCTION
  rollgate.decode_part(text), rollgate.default_limits(rollgate.catalogue), rollgate.recheck_decisions(timestamptz, timestamptz)
  TO rollgate_auditor;
