-- Limit events: who was denied, when, under which limit, and what had filled the window.
--
-- Nodes gather denials by second and write them once a second (rollgate.write_events); a day is a partition. An event's id
-- comes from its node, so a batch that is sent twice is written once. Decisions never touch these tables.

CREATE TABLE rollgate.limit_event (
  id             text COLLATE "C" NOT NULL,
  kind           text NOT NULL DEFAULT 'denied' CHECK (kind IN ('denied', 'granted_sample')),
  account        text NOT NULL,
  api            text NOT NULL,
  group_id       text NOT NULL,
  level          text[] NOT NULL,
  subject        text COLLATE "C" NOT NULL,
  lane           int,
  dimensions     jsonb NOT NULL,
  window_name    text CHECK (window_name IN ('minute', 'hour')),
  per_minute     int NOT NULL,
  per_hour       int NOT NULL,
  used           int NOT NULL,
  cost           int NOT NULL,
  source         text NOT NULL,
  policy_version bigint NOT NULL,
  mode           text NOT NULL CHECK (mode IN ('enforced', 'shadow', 'fallback_allowed', 'fallback_denied')),
  first_at       timestamptz NOT NULL,
  last_at        timestamptz NOT NULL,
  count          int NOT NULL CHECK (count > 0),
  units          bigint NOT NULL,
  node           text NOT NULL,
  route          text,
  request_id     text,
  retry_at       timestamptz,
  merged         text NOT NULL DEFAULT 'second' CHECK (merged IN ('second', 'minute', 'longer')),
  filled         jsonb,
  PRIMARY KEY (first_at, id),
  CHECK (kind <> 'denied' OR window_name IS NOT NULL)
) PARTITION BY RANGE (first_at);
CREATE INDEX ON rollgate.limit_event (id);
CREATE INDEX ON rollgate.limit_event (account, first_at);
CREATE INDEX ON rollgate.limit_event (api, first_at);
-- one row a subject, window and minute, however long an attack
CREATE INDEX ON rollgate.limit_event (subject, first_at) WHERE filled IS NOT NULL;

COMMENT ON TABLE  rollgate.limit_event IS 'Denials, counted by node, subject, API, window, source, mode, cost and second; and samples of grants. One partition a day (UTC)';
COMMENT ON COLUMN rollgate.limit_event.id             IS 'names the event; the id of its n-th decision is <id>.<n>, n in base 36 from 1';
COMMENT ON COLUMN rollgate.limit_event.kind           IS 'denied: calls that had no room, also those let through in shadow; granted_sample: grants, of which a fraction is recorded';
COMMENT ON COLUMN rollgate.limit_event.account        IS 'the tenant; * where all accounts were added up';
COMMENT ON COLUMN rollgate.limit_event.api            IS 'API that was called, e.g. publish-bot';
COMMENT ON COLUMN rollgate.limit_event.group_id       IS 'group of the API';
COMMENT ON COLUMN rollgate.limit_event.level          IS 'dimensions that make the subject, in order';
COMMENT ON COLUMN rollgate.limit_event.subject        IS 'key of the counted subject, as in rollgate.counter; * where all subjects were added up';
COMMENT ON COLUMN rollgate.limit_event.lane           IS 'lane of the account; NULL: not told';
COMMENT ON COLUMN rollgate.limit_event.dimensions     IS 'values of the dimensions; {} where subject is *';
COMMENT ON COLUMN rollgate.limit_event.window_name    IS 'the window that denied: hour where both had no room; NULL: a grant';
COMMENT ON COLUMN rollgate.limit_event.per_minute     IS 'limit in force: units in any 60 s';
COMMENT ON COLUMN rollgate.limit_event.per_hour       IS 'limit in force: units in any 3,600 s';
COMMENT ON COLUMN rollgate.limit_event.used           IS 'units in that window as the first call was told; of a grant, in the minute, with it';
COMMENT ON COLUMN rollgate.limit_event.cost           IS 'units each call asked for; of merged events, the first call';
COMMENT ON COLUMN rollgate.limit_event.source         IS 'default, or the id of the override that set the limit';
COMMENT ON COLUMN rollgate.limit_event.policy_version IS 'version of the policy on the node';
COMMENT ON COLUMN rollgate.limit_event.mode           IS 'enforced; shadow: let through; fallback_…: decided while the database was away';
COMMENT ON COLUMN rollgate.limit_event.first_at       IS 'first call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.last_at        IS 'last call, by the database''s clock';
COMMENT ON COLUMN rollgate.limit_event.count          IS 'calls';
COMMENT ON COLUMN rollgate.limit_event.units          IS 'units all the calls asked for';
COMMENT ON COLUMN rollgate.limit_event.node           IS 'host and process that decided';
COMMENT ON COLUMN rollgate.limit_event.route          IS 'route of the first call, e.g. POST /bots/:botId/publish';
COMMENT ON COLUMN rollgate.limit_event.request_id     IS 'request of the first call';
COMMENT ON COLUMN rollgate.limit_event.retry_at       IS 'when the first call fits if nobody else spends; NULL: no wait helps';
COMMENT ON COLUMN rollgate.limit_event.merged         IS 'second: calls of one second, source and cost; minute: the node had too many events, so it added up those that began in one minute; longer: those of any time from first_at to last_at';
COMMENT ON COLUMN rollgate.limit_event.filled         IS 'what filled that window: [[Unix second, units], …], of the hour by minutes. Once a subject, window and minute: others of that minute have NULL';

-- rollgate.freed is emptied within minutes. Judging a denial later needs to know which units were taken back since.
CREATE TABLE rollgate.freeing (
  subject text COLLATE "C" NOT NULL,
  at      timestamptz NOT NULL
);
CREATE INDEX ON rollgate.freeing (subject, at);
CREATE INDEX ON rollgate.freeing (at);

COMMENT ON TABLE rollgate.freeing IS 'When subjects had a refund or a reset; kept as long as finished minutes are, two days at least';

CREATE FUNCTION rollgate.note_freeing() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rollgate.freeing VALUES (NEW.subject, NEW.at);
  RETURN NULL;
END $$;

CREATE TRIGGER noted AFTER INSERT ON rollgate.freed FOR EACH ROW EXECUTE FUNCTION rollgate.note_freeing();

-- Finished minutes of chosen APIs may be kept longer than the janitor is told.
CREATE TABLE rollgate.retention (
  api          text PRIMARY KEY,
  keep_seconds int NOT NULL CHECK (keep_seconds >= 3661)
);

COMMENT ON TABLE  rollgate.retention IS 'APIs whose finished minutes are kept longer than the others''';
COMMENT ON COLUMN rollgate.retention.api          IS 'as it stands in keys: the API''s id, or @group of one counted by group';
COMMENT ON COLUMN rollgate.retention.keep_seconds IS 'the longer of this and the janitor''s own setting holds';

-- As in 001, and: what rollgate.retention names stays longer.
CREATE OR REPLACE FUNCTION rollgate.sweep(
  p_lane           int,
  p_head_after     text,
  p_bucket_subject text,
  p_bucket_minute  int,
  p_limit          int,
  p_keep_seconds   int,
  p_now            timestamptz DEFAULT NULL
) RETURNS TABLE (busy boolean, heads int, buckets int, head_after text, bucket_subject text, bucket_minute int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_second int;
BEGIN
  IF p_keep_seconds < 3661 THEN
    RAISE EXCEPTION 'rollgate keeps finished minutes for at least 3661 seconds, not %', p_keep_seconds
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT pg_try_advisory_xact_lock(7605, p_lane) THEN
    RETURN QUERY SELECT true, 0, 0, p_head_after, p_bucket_subject, p_bucket_minute;
    RETURN;
  END IF;
  v_second := greatest(floor(extract(epoch FROM coalesce(p_now, clock_timestamp()))),
                       (SELECT swept_to FROM rollgate.lane WHERE lane = p_lane));
  busy := false;
  head_after := NULL;
  bucket_subject := NULL;
  bucket_minute := NULL;
  heads := 0;
  buckets := 0;
  IF p_head_after IS NOT NULL THEN
    WITH page AS (
      SELECT c.subject, c.minute FROM rollgate.counter c
      WHERE c.lane = p_lane AND c.subject > p_head_after ORDER BY c.subject LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.counter c USING page
      WHERE c.lane = p_lane AND c.subject = page.subject AND page.minute < (v_second - 3661) / 60
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone), CASE WHEN count(*) = p_limit THEN max(page.subject) END INTO heads, head_after FROM page;
  END IF;
  IF p_bucket_subject IS NOT NULL THEN
    WITH page AS (
      SELECT b.subject, b.minute FROM rollgate.bucket b
      WHERE b.lane = p_lane AND (b.subject, b.minute) > (p_bucket_subject, p_bucket_minute)
      ORDER BY b.subject, b.minute LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.bucket b USING page
      WHERE b.lane = p_lane AND b.subject = page.subject AND b.minute = page.minute
        AND page.minute < (v_second - p_keep_seconds) / 60
        AND NOT EXISTS (
          SELECT FROM rollgate.retention r
          WHERE r.api = split_part(page.subject, '/', 2) AND page.minute >= (v_second - r.keep_seconds) / 60)
      RETURNING 1
    ), last AS (
      SELECT page.subject, page.minute FROM page ORDER BY page.subject DESC, page.minute DESC LIMIT 1
    )
    SELECT (SELECT count(*) FROM gone), last.subject, last.minute INTO buckets, bucket_subject, bucket_minute
    FROM (SELECT count(*) AS looked_at FROM page) p LEFT JOIN last ON p.looked_at = p_limit;
  END IF;
  IF heads > 0 OR buckets > 0 THEN
    INSERT INTO rollgate.lane AS l VALUES (p_lane, v_second)
    ON CONFLICT (lane) DO UPDATE SET swept_to = greatest(l.swept_to, excluded.swept_to);
  END IF;
  RETURN NEXT;
END $$;

-- Makes the partition of one day (UTC) where there is none. Made apart and then attached, it takes no lock that a reader or
-- writer of the table would wait for (SHARE UPDATE EXCLUSIVE); it is empty, so attaching scans nothing.
CREATE FUNCTION rollgate.make_event_day(p_day date) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_name text := 'limit_event_' || to_char(p_day, 'YYYYMMDD');
BEGIN
  IF to_regclass('rollgate.' || v_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7607, 0);
  IF to_regclass('rollgate.' || v_name) IS NOT NULL THEN
    RETURN false; -- another node was faster
  END IF;
  EXECUTE format('CREATE TABLE rollgate.%I (LIKE rollgate.limit_event INCLUDING ALL EXCLUDING COMMENTS)', v_name);
  EXECUTE format('ALTER TABLE rollgate.limit_event ATTACH PARTITION rollgate.%I FOR VALUES FROM (%L) TO (%L)',
    v_name, p_day || ' 00:00:00+00', (p_day + 1) || ' 00:00:00+00');
  RETURN true;
END $$;

COMMENT ON FUNCTION rollgate.make_event_day IS 'Makes the partition of a day where it is missing; tells whether it did';

-- One step of keeping the partitions, in a transaction of its own, so that no lock is held for longer than one takes:
-- makes the first day missing of today and p_ahead more; else drops the oldest day past p_keep_days; else removes old rows
-- of rollgate.freeing. Dropping needs the table for itself for a moment: whoever asks for it meanwhile waits too, so it
-- gives up after lock_timeout, and is asked again.
CREATE FUNCTION rollgate.maintain_events(
  p_keep_days int, p_ahead int, p_now timestamptz DEFAULT NULL,
  OUT did     text,     -- e.g. 'made limit_event_20260101', 'dropped …', 'removed …'; NULL: there was nothing to do
  OUT held_up boolean   -- another node is at it, or somebody has the table open: ask again later
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  v_now  timestamptz := coalesce(p_now, clock_timestamp());
  v_day  date := (v_now AT TIME ZONE 'UTC')::date;
  v_name text;
  v_rows int;
BEGIN
  IF p_keep_days < 1 OR p_ahead < 1 THEN
    RAISE EXCEPTION 'rollgate keeps events for at least a day, and makes at least one day ahead' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  held_up := NOT pg_try_advisory_xact_lock(7607, 0);
  IF held_up THEN
    RETURN;
  END IF;
  FOR i IN 0 .. p_ahead LOOP
    IF rollgate.make_event_day(v_day + i) THEN
      did := 'made limit_event_' || to_char(v_day + i, 'YYYYMMDD');
      RETURN;
    END IF;
  END LOOP;
  SELECT c.relname INTO v_name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'rollgate.limit_event'::regclass AND c.relname ~ '^limit_event_\d{8}$'
    AND to_date(right(c.relname, 8), 'YYYYMMDD') < v_day - p_keep_days
  ORDER BY c.relname
  LIMIT 1;
  IF v_name IS NOT NULL THEN
    -- First the whole, as readers do; and then no second wait while the whole is ours.
    LOCK TABLE ONLY rollgate.limit_event IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE rollgate.%I IN ACCESS EXCLUSIVE MODE NOWAIT', v_name);
    EXECUTE format('DROP TABLE rollgate.%I', v_name);
    did := 'dropped ' || v_name;
    RETURN;
  END IF;
  DELETE FROM rollgate.freeing f WHERE f.ctid = ANY (ARRAY(
    SELECT o.ctid FROM rollgate.freeing o
    WHERE o.at < v_now - greatest(interval '2 days', (SELECT max(keep_seconds) * interval '1 second' FROM rollgate.retention))
    LIMIT 1000));
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  IF v_rows > 0 THEN
    did := format('removed %s old rows of freeing', v_rows);
  END IF;
EXCEPTION
  WHEN lock_not_available THEN
    did := NULL;
    held_up := true;
END $$;

COMMENT ON FUNCTION rollgate.maintain_events IS 'One step of making the events'' partitions ahead and dropping those past retention; to be called until it did nothing';

-- Where to look for a subject. Inlined.
CREATE FUNCTION rollgate.lanes_of(p_lane int) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_lane IS NOT NULL THEN ARRAY[p_lane] ELSE
    '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,
      32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63}'::int[] END
$$;

COMMENT ON FUNCTION rollgate.lanes_of IS 'The lane, or all of them where it is not known (NULL)';

-- Units of a subject that are on record, by second. `newest` is the number of the second's newest unit: those up to
-- counter.cleared were forgiven. Inlined.
CREATE FUNCTION rollgate.units_by_second(p_lanes int[], p_subject text, p_from int, p_to int)
RETURNS TABLE (second int, units bigint, newest bigint)
LANGUAGE sql STABLE AS $$
  WITH minutes AS (
    SELECT b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
    WHERE b.lane = ANY (p_lanes) AND b.subject = p_subject AND b.minute BETWEEN p_from / 60 AND p_to / 60
    UNION ALL
    SELECT c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums FROM rollgate.counter c
    WHERE c.lane = ANY (p_lanes) AND c.subject = p_subject AND c.minute BETWEEN p_from / 60 AND p_to / 60
  ),
  seconds AS (
    SELECT m.minute * 60 + x.sec AS second, (x.sum - coalesce(lag(x.sum) OVER (PARTITION BY m.minute ORDER BY x.sec), 0))::bigint AS units,
           m.start + x.sum AS newest
    FROM minutes m CROSS JOIN LATERAL unnest(m.secs, m.sums) AS x (sec, sum)
  )
  SELECT s.second, s.units, s.newest FROM seconds s WHERE s.second BETWEEN p_from AND p_to AND s.units > 0
$$;

COMMENT ON FUNCTION rollgate.units_by_second IS 'Units of a subject on record between two Unix seconds, both included, by second';

-- What fills a window that ends at p_at. A reset that came later does not count.
-- plpgsql, for it keeps its plan: with one made for each call, 1,000 events took 370 ms instead of 45.
CREATE FUNCTION rollgate.window_filling(p_lane int, p_subject text, p_window text, p_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_second  int := floor(extract(epoch FROM p_at));
  v_step    int := CASE p_window WHEN 'hour' THEN 60 ELSE 1 END;
  v_lanes   int[] := rollgate.lanes_of(p_lane);
  v_cleared bigint := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = p_subject AND f.at > p_at) THEN
    SELECT coalesce(max(c.cleared), 0) INTO v_cleared
    FROM rollgate.counter c WHERE c.lane = ANY (v_lanes) AND c.subject = p_subject;
  END IF;
  RETURN (
    SELECT jsonb_agg(jsonb_build_array(f.at, f.units) ORDER BY f.at)
    FROM (
      SELECT u.second / v_step * v_step AS at, sum(least(u.units, u.newest - v_cleared)) AS units
      FROM rollgate.units_by_second(v_lanes, p_subject, v_second - 60 * v_step, v_second) u
      WHERE u.newest > v_cleared
      GROUP BY 1
    ) f);
END $$;

COMMENT ON FUNCTION rollgate.window_filling IS 'What fills a subject''s window that ends then: [[Unix second, units], …], of the hour by minutes; NULL: nothing on record';

-- Writes events of nodes. Each is an object with the columns of rollgate.limit_event, times as Unix ms: first_ms, last_ms,
-- retry_ms. One that is there already (first_at, id) stays as it is: a batch may be sent again. Returns how many are new.
CREATE FUNCTION rollgate.write_events(p_events jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_day     date;
  v_class   int;
  v_written int;
BEGIN
  FOR v_day IN
    SELECT DISTINCT (to_timestamp(e.first_ms / 1000) AT TIME ZONE 'UTC')::date FROM jsonb_to_recordset(p_events) AS e (first_ms float8)
  LOOP
    PERFORM rollgate.make_event_day(v_day);
  END LOOP;
  -- At most one event of a subject, window and minute tells what filled the window, whichever nodes write at once: subjects
  -- of which none does yet are locked, by classes in ascending order, and looked at again below.
  FOR v_class IN
    SELECT DISTINCT hashtext(e.subject) & 63
    FROM jsonb_to_recordset(p_events) AS e (subject text, kind text, window_name text, first_ms float8)
    WHERE e.kind = 'denied' AND NOT EXISTS (
      SELECT FROM rollgate.limit_event o
      WHERE o.subject = e.subject COLLATE "C" AND o.window_name = e.window_name AND o.filled IS NOT NULL
        AND o.first_at >= to_timestamp(floor(e.first_ms / 60000) * 60) AND o.first_at < to_timestamp(floor(e.first_ms / 60000) * 60 + 60))
    ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(7608, v_class);
  END LOOP;
  WITH told AS MATERIALIZED (
    SELECT e.*, to_timestamp(e.first_ms / 1000) AS first_at, floor(e.first_ms / 60000) * 60 AS minute
    FROM jsonb_to_recordset(p_events) AS e (
      id text, kind text, account text, api text, group_id text, level text[], subject text, lane int, dimensions jsonb, window_name text,
      per_minute int, per_hour int, used int, cost int, source text, policy_version bigint, mode text, first_ms float8, last_ms float8,
      count int, units bigint, node text, route text, request_id text, retry_ms float8, merged text)
  ),
  first AS MATERIALIZED (
    SELECT DISTINCT ON (t.subject, t.window_name, t.minute) t.id, t.lane, t.subject, t.window_name, t.first_at
    FROM told t
    WHERE t.kind = 'denied' AND t.subject <> '*' AND t.mode IN ('enforced', 'shadow') AND NOT EXISTS (
      SELECT FROM rollgate.limit_event o
      WHERE o.subject = t.subject COLLATE "C" AND o.window_name = t.window_name AND o.filled IS NOT NULL
        AND o.first_at >= to_timestamp(t.minute) AND o.first_at < to_timestamp(t.minute + 60))
    ORDER BY t.subject, t.window_name, t.minute, t.first_at, t.id
  )
  INSERT INTO rollgate.limit_event (id, kind, account, api, group_id, level, subject, lane, dimensions, window_name, per_minute, per_hour,
    used, cost, source, policy_version, mode, first_at, last_at, count, units, node, route, request_id, retry_at, merged, filled)
  SELECT t.id, t.kind, t.account, t.api, t.group_id, t.level, t.subject, t.lane, t.dimensions, t.window_name, t.per_minute, t.per_hour,
    t.used, t.cost, t.source, t.policy_version, t.mode, t.first_at, to_timestamp(t.last_ms / 1000), t.count, t.units, t.node, t.route,
    t.request_id, to_timestamp(t.retry_ms / 1000), coalesce(t.merged, 'second'),
    CASE WHEN f.id IS NOT NULL THEN rollgate.window_filling(f.lane, f.subject, f.window_name, f.first_at) END
  FROM told t
  LEFT JOIN first f ON f.id = t.id
  ON CONFLICT (first_at, id) DO NOTHING;
  GET DIAGNOSTICS v_written = ROW_COUNT;
  RETURN v_written;
END $$;

COMMENT ON FUNCTION rollgate.write_events IS 'Nodes write their limit events, as often as they like; returns how many were new';

-- rollgate.limits_for at any moment of the past, from the history.
CREATE FUNCTION rollgate.limit_as_of(p_account text, p_api text, p_subject text, p_at timestamptz)
RETURNS TABLE (per_minute int, per_hour int, source text, mode text, catalogue_version int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH api AS (
    SELECT h.after ->> 'group' AS group_id, (h.after ->> 'version')::int AS version, (h.after ->> 'shadow')::boolean AS shadow,
           coalesce((h.after ->> 'perMinute')::int, (h.after ->> 'shippedPerMinute')::int) AS per_minute,
           coalesce((h.after ->> 'perHour')::int, (h.after ->> 'shippedPerHour')::int) AS per_hour
    FROM rollgate.history h
    WHERE h.kind = 'catalogue' AND h.target = p_api AND h.at <= p_at
    ORDER BY h.id DESC
    LIMIT 1
  ),
  -- Each override as it stood; `made` is its place among those made.
  stood AS (
    SELECT DISTINCT ON (h.target) h.target AS id, h.after, min(h.id) OVER (PARTITION BY h.target) AS made
    FROM rollgate.history h
    WHERE h.kind = 'override' AND h.account = p_account AND h.at <= p_at
    ORDER BY h.target, h.id DESC
  ),
  fitting AS (
    SELECT o.id, (o.after ->> 'perMinute')::int AS per_minute, (o.after ->> 'perHour')::int AS per_hour, o.after ->> 'mode' AS mode,
           row_number() OVER (ORDER BY o.after ->> 'subject' IS NULL, o.after ->> 'api' IS NULL, o.after ->> 'group' IS NULL, o.made DESC) AS rank
    FROM api JOIN stood o
      ON coalesce(o.after ->> 'subject' = p_subject, o.after ->> 'subject' IS NULL)
      AND coalesce(o.after ->> 'api' = p_api, true) AND coalesce(o.after ->> 'group' = api.group_id, true)
      AND (o.after ->> 'startsAt')::timestamptz <= p_at
      AND coalesce((o.after ->> 'expiresAt')::timestamptz > p_at, true)
  )
  SELECT coalesce(o.per_minute, api.per_minute), coalesce(o.per_hour, api.per_hour), coalesce(o.id, 'default'),
         coalesce((SELECT f.mode FROM fitting f WHERE f.mode IS NOT NULL ORDER BY f.rank LIMIT 1),
                  CASE WHEN api.shadow THEN 'shadow' ELSE 'enforced' END),
         api.version
  FROM api
  LEFT JOIN LATERAL (
    SELECT * FROM fitting f WHERE f.per_minute IS NOT NULL OR f.per_hour IS NOT NULL ORDER BY f.rank LIMIT 1
  ) o ON true
$$;

COMMENT ON FUNCTION rollgate.limit_as_of IS 'Limits, their source and the mode that applied to a subject of an API at a past moment, and the version of the API''s defaults; no row: the API was not known yet';

-- n of a decision's id, <event>.<n>. NULL: none.
CREATE FUNCTION rollgate.decision_number(p_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT sum((strpos('0123456789abcdefghijklmnopqrstuvwxyz', d.digit) - 1) * (36::numeric ^ (length(n.text) - d.place)))::bigint
  FROM (SELECT split_part(p_id, '.', 2) AS text) n
  CROSS JOIN LATERAL string_to_table(n.text, NULL) WITH ORDINALITY AS d (digit, place)
  WHERE n.text ~ '^[0-9a-z]{1,10}$'
$$;

COMMENT ON FUNCTION rollgate.decision_number IS 'Which decision of its event an id means, from 1; NULL: the event';

CREATE FUNCTION rollgate.utc(p_at timestamptz, p_format text DEFAULT 'YYYY-MM-DD HH24:MI:SS') RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', p_format) || ' UTC'
$$;

-- All there is to know of one decision, or of one event, by its id. What the limit was and who had made it is told as it
-- stood then.
CREATE FUNCTION rollgate.explain_denial(p_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int, used int,
  cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, filled jsonb, allowed_again_at timestamptz, count int, mode text, route text, request_id text,
  sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH event AS (
    SELECT e.*, rollgate.decision_number(p_id) AS number, CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END AS "limit",
           CASE e.window_name WHEN 'hour' THEN '3,600 seconds' ELSE '60 seconds' END AS length,
           date_bin('1 minute', e.first_at, 'epoch') AS minute
    FROM rollgate.limit_event e
    WHERE e.id = split_part(p_id, '.', 1) COLLATE "C"
      AND (strpos(p_id, '.') = 0 OR rollgate.decision_number(p_id) BETWEEN 1 AND e.count)
  ),
  known AS (
    SELECT e.*, o.created_by, o.reason, o.ticket, o.expires_at, v.version,
           CASE WHEN e.kind = 'denied' AND e.subject <> '*' THEN coalesce(e.filled, s.filled,
             rollgate.window_filling(e.lane, e.subject, e.window_name, e.first_at)) END AS filling
    FROM event e
    LEFT JOIN LATERAL (
      SELECT x.filled FROM rollgate.limit_event x
      WHERE x.subject = e.subject AND x.window_name = e.window_name AND x.filled IS NOT NULL
        AND x.first_at >= e.minute AND x.first_at < e.minute + interval '1 minute'
      ORDER BY x.first_at LIMIT 1
    ) s ON e.filled IS NULL
    -- As it stood then; the first known, where the clocks of the two tell otherwise.
    LEFT JOIN LATERAL (
      SELECT h.after ->> 'createdBy' AS created_by, h.after ->> 'reason' AS reason, h.after ->> 'ticket' AS ticket,
             (h.after ->> 'expiresAt')::timestamptz AS expires_at
      FROM rollgate.history h
      WHERE h.kind = 'override' AND h.target = e.source
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) o ON e.source <> 'default'
    LEFT JOIN LATERAL (
      SELECT (h.after ->> 'version')::int AS version FROM rollgate.history h
      WHERE h.kind = 'catalogue' AND h.target = e.api
      ORDER BY h.at > e.first_at, CASE WHEN h.at <= e.first_at THEN -h.id ELSE h.id END LIMIT 1
    ) v ON true
  )
  SELECT p_id, e.id, e.number, e.kind, e.account, e.api, e.subject,
         CASE WHEN e.number = e.count THEN e.last_at ELSE e.first_at END,
         e.window_name, e."limit", e.used, e.cost, e.source, e.version, e.created_by, e.reason, e.ticket, e.expires_at, e.filling, e.retry_at,
         e.count, e.mode, e.route, e.request_id,
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
             WHEN e.kind = 'granted_sample' THEN format(', its subject %s having used %s of %s units in 60 seconds', e.subject, e.used, e."limit")
             WHEN e."limit" = 0 THEN format(' because no units at all are allowed to %s', e.subject)
             WHEN e.cost > e."limit" THEN format(' because it asked for %s units and %s may never use more than %s in any %s', e.cost, e.subject, e."limit", e.length)
             ELSE format(' because %s had used %s of the %s units allowed in any %s and it asked for %s', e.subject, e.used, e."limit", e.length, e.cost) END,
           CASE
             WHEN e.source = 'default' THEN '; the limit is the default' || coalesce(' of catalogue version ' || e.version, '')
             ELSE concat('; the limit is override ', e.source, ' by ', coalesce(e.created_by, 'nobody on record'),
               ' with the reason "' || e.reason || '"', ', ticket ' || e.ticket,
               CASE WHEN e.created_by IS NULL THEN '' ELSE coalesce(', until ' || rollgate.utc(e.expires_at), ', without end') END) END,
           CASE
             WHEN e.kind <> 'denied' OR e.cost > e."limit" THEN ''
             WHEN e.filling IS NULL THEN '; what filled the window is not on record'
             ELSE (
               SELECT format('; the window was filled from %s to %s, most of it (%s of %s) in the %s of %s',
                 rollgate.utc(to_timestamp(min(f.at)), 'HH24:MI:SS'), rollgate.utc(to_timestamp(max(f.at)), 'HH24:MI:SS'), max(f.units), sum(f.units),
                 CASE e.window_name WHEN 'hour' THEN 'minute' ELSE 'second' END,
                 rollgate.utc(to_timestamp((array_agg(f.at ORDER BY f.units DESC, f.at))[1]), 'HH24:MI:SS'))
               FROM (SELECT (x ->> 0)::float8 AS at, (x ->> 1)::bigint AS units FROM jsonb_array_elements(e.filling) x) f) END,
           CASE WHEN e.kind <> 'denied' THEN '' ELSE coalesce('; it fits again at ' || rollgate.utc(e.retry_at), '; no wait helps') END,
           CASE
             WHEN e.kind = 'granted_sample' THEN format('; it stands for %s sampled grants of that second', e.count)
             WHEN e.count = 1 THEN '; it is the only such call of that second'
             WHEN e.merged = 'longer' THEN format('; it is one of %s such calls until %s', e.count, rollgate.utc(e.last_at))
             ELSE format('; it is one of %s such calls of that %s', e.count, e.merged) END,
           ', route ' || e.route, CASE WHEN e.count > 1 THEN ', the first with request id ' ELSE ', request id ' END || e.request_id,
           '.')
  FROM known e
  ORDER BY e.first_at
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.explain_denial IS 'Explains one decision or event by its id, in columns and in one sentence; no row: no such id is on record';

-- Denials, judged once more by the units on record: lists those that had room, and is always empty.
--
-- What it can't judge, and so does not list: events added up over subjects; decisions made while the database was away;
-- denials of a subject that had a refund or a reset since, or within 3 s before (another node may remember a denial so
-- long); denials whose minutes are no longer on record, by retention or because the idle subject's row was swept, with its
-- last minute; and within the second of a denial it counts what was granted after it. The database's clock is taken to
-- have gone forward only. Costs a look at each event's window: give it a span.
CREATE FUNCTION rollgate.recheck_decisions(p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL)
RETURNS TABLE (
  event_id text, account text, api text, subject text, at timestamptz, window_name text, limit_units int, used_told int, used_in_truth bigint,
  cost int, count int
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH judged AS (
    SELECT e.*, CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END AS limit_units,
           floor(extract(epoch FROM e.first_at))::int AS second, CASE e.window_name WHEN 'hour' THEN 3600 ELSE 60 END AS length
    FROM rollgate.limit_event e
    WHERE e.first_at >= coalesce(p_from, '-infinity') AND e.first_at <= coalesce(p_to, 'infinity')
      AND e.kind = 'denied' AND e.subject <> '*' AND e.mode IN ('enforced', 'shadow')
      AND e.cost <= CASE e.window_name WHEN 'hour' THEN e.per_hour ELSE e.per_minute END
      AND NOT EXISTS (SELECT FROM rollgate.freeing f WHERE f.subject = e.subject AND f.at > e.first_at - interval '3 seconds')
  )
  SELECT j.id, j.account, j.api, j.subject, j.first_at, j.window_name, j.limit_units, j.used, u.units, j.cost, j.count
  FROM judged j
  -- The subject's row: how far back its units were forgiven, and from when on its numbers are one row of numbers.
  LEFT JOIN LATERAL (
    SELECT c.lane, c.cleared,
           coalesce((SELECT min(m.minute) FROM rollgate.bucket m WHERE m.lane = c.lane AND m.subject = c.subject), c.minute) AS oldest,
           (SELECT max(m.minute) FROM (
              SELECT b.minute FROM rollgate.bucket b WHERE b.lane = c.lane AND b.subject = c.subject AND b.start = 0
              UNION ALL
              SELECT c.minute WHERE c.total = c.sums[cardinality(c.sums)]) m) AS born
    FROM rollgate.counter c
    WHERE c.lane = ANY (rollgate.lanes_of(j.lane)) AND c.subject = j.subject
    LIMIT 1
  ) h ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(least(s.units, s.newest - coalesce(h.cleared, 0))), 0) AS units
    FROM rollgate.units_by_second(rollgate.lanes_of(j.lane), j.subject, j.second - j.length, j.second) s
    WHERE s.newest > coalesce(h.cleared, 0)
  ) u
  WHERE u.units + j.cost <= j.limit_units
    AND CASE
      WHEN j.second - j.length >= floor(extract(epoch FROM clock_timestamp())) - 3660 THEN true -- too young to have been swept
      WHEN h.born IS NOT NULL THEN h.born <= j.second / 60
      ELSE h.oldest * 60 <= j.second - j.length END
$$;

COMMENT ON FUNCTION rollgate.recheck_decisions IS 'Denials of a span of time that had room, recomputed from the units on record: always empty';

SELECT rollgate.hand_over();

GRANT EXECUTE ON FUNCTION rollgate.write_events(jsonb) TO rollgate_runtime;
GRANT EXECUTE ON FUNCTION rollgate.maintain_events(int, int, timestamptz) TO rollgate_maintenance;
GRANT SELECT ON rollgate.limit_event, rollgate.retention TO rollgate_admin_api;
GRANT EXECUTE ON FUNCTION
  rollgate.explain_denial(text), rollgate.limit_as_of(text, text, text, timestamptz),
  rollgate.recheck_decisions(timestamptz, timestamptz)
  TO rollgate_admin_api;

-- Owned by the owner, as all that come later: made with its rights.
DO $$
BEGIN
  FOR i IN 1 .. 4 LOOP
    PERFORM rollgate.maintain_events(90, 3);
  END LOOP;
END $$;
