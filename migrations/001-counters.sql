-- Counters and the decision.
--
-- Words: a *unit* is one granted cost point; units of a subject are numbered 1, 2, 3… by its running total, so a window
-- sum is a difference of two totals and no bucket is ever summed. Seconds and minutes are Unix seconds and minutes.
-- A window of W seconds at second s covers the seconds s-W … s: the current one, the W-1 whole ones before it and the
-- partly covered oldest one. W buckets instead of W+1 would admit twice the limit in a real window.

CREATE SCHEMA IF NOT EXISTS rollgate;

-- The head row of a subject: all that both windows need during one minute, in one row. What a grant changes stands last and
-- together: WAL records the changed middle of a tuple, 100 bytes a grant so, 190 with `total` and `sums` apart.
CREATE TABLE rollgate.counter (
  cleared    bigint   NOT NULL DEFAULT 0,
  prev_start bigint   NOT NULL,
  hour_start bigint   NOT NULL,
  lane       int      NOT NULL,
  minute     int      NOT NULL,
  hour_next  int,
  subject    text     COLLATE "C" NOT NULL,
  prev_secs  smallint[] NOT NULL DEFAULT '{}',
  prev_sums  int[]    NOT NULL DEFAULT '{}',
  hour_secs  smallint[] NOT NULL DEFAULT '{}',
  hour_sums  int[]    NOT NULL DEFAULT '{}',
  secs       smallint[] NOT NULL,
  sums       int[]    NOT NULL,
  total      bigint   NOT NULL,
  PRIMARY KEY (lane, subject)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 1);

COMMENT ON TABLE  rollgate.counter IS 'One row a subject: its running total and the minutes both windows begin in. Updated in place (HOT): no index may hold a column that changes.';
COMMENT ON COLUMN rollgate.counter.lane       IS 'hash(account) mod 64: the unit of locking, batching and distribution';
COMMENT ON COLUMN rollgate.counter.subject    IS 'account/api/dimension=value,…';
COMMENT ON COLUMN rollgate.counter.total      IS 'units granted ever: the number of the newest unit';
COMMENT ON COLUMN rollgate.counter.cleared    IS 'number of the newest unit forgiven by a reset; it and older ones count no more';
COMMENT ON COLUMN rollgate.counter.minute     IS 'the minute of the newest grant';
COMMENT ON COLUMN rollgate.counter.secs       IS 'the seconds (0-59) of that minute that hold units, ascending; the last one is the newest grant';
COMMENT ON COLUMN rollgate.counter.sums       IS 'units of that minute up to and with each of secs';
COMMENT ON COLUMN rollgate.counter.prev_start IS 'total before the minute before, in which the 60 s window begins';
COMMENT ON COLUMN rollgate.counter.prev_secs  IS 'as secs, of the minute before';
COMMENT ON COLUMN rollgate.counter.prev_sums  IS 'as sums, of the minute before';
COMMENT ON COLUMN rollgate.counter.hour_start IS 'total before the minute an hour ago, in which the 3600 s window begins';
COMMENT ON COLUMN rollgate.counter.hour_secs  IS 'as secs, of the minute an hour ago';
COMMENT ON COLUMN rollgate.counter.hour_sums  IS 'as sums, of the minute an hour ago';
COMMENT ON COLUMN rollgate.counter.hour_next  IS 'second of the oldest unit that is newer than the minute an hour ago and older than this minute';

-- Finished minutes. Written once, when the first grant of a later minute rolls the head over.
CREATE TABLE rollgate.bucket (
  lane    int      NOT NULL,
  minute  int      NOT NULL,
  start   bigint   NOT NULL,
  subject text     COLLATE "C" NOT NULL,
  secs    smallint[] NOT NULL,
  sums    int[]    NOT NULL,
  PRIMARY KEY (lane, subject, minute)
);

COMMENT ON TABLE  rollgate.bucket IS 'Units granted per subject and minute, for minutes that are over';
COMMENT ON COLUMN rollgate.bucket.start IS 'total before this minute';
COMMENT ON COLUMN rollgate.bucket.secs  IS 'the seconds (0-59) of the minute that hold units, ascending';
COMMENT ON COLUMN rollgate.bucket.sums  IS 'units of the minute up to and with each of secs';

-- A head that is swept takes its clock along. The lane remembers it, so that no clock that steps back can re-open a
-- window of a subject that is no longer there.
CREATE TABLE rollgate.lane (
  lane     int PRIMARY KEY,
  swept_to bigint NOT NULL
);

COMMENT ON TABLE rollgate.lane IS 'Per lane, the second up to which idle subjects were removed: the least "now" of any later decision';

-- Subjects freed by a refund or a reset: every node drops the denials it remembers of them.
CREATE TABLE rollgate.freed (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject text COLLATE "C" NOT NULL
);

COMMENT ON TABLE rollgate.freed IS 'Subjects freed by a refund or a reset in the last minutes; nodes poll it';

-- Makes the rest of the transaction the only one in its lanes. Must be a statement of its own: only the next statement
-- has a snapshot taken after the lock. (One statement that locks and looks admitted 65 of a limit of 50.)
CREATE FUNCTION rollgate.enter_lanes(VARIADIC p_lanes int[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_lane int;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'rollgate decides under READ COMMITTED only, not %', upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state',
            HINT = 'A snapshot older than the lane lock would not see the grants it must count.';
  END IF;
  -- In ascending order, so that batches which share lanes can't wait for each other.
  FOR v_lane IN SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l LOOP
    PERFORM pg_advisory_xact_lock(7605, v_lane);
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.enter_lanes IS 'Takes the lanes'' locks until the end of the transaction; refuses every isolation level but READ COMMITTED';

-- The second in which unit number p_unit was granted. Only denials ask.
CREATE FUNCTION rollgate.second_of(p_lane int, p_subject text, p_unit bigint, p_from_minute int) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT m.minute * 60 + m.secs[width_bucket((p_unit - 1 - m.start)::int, m.sums) + 1]
  FROM (
    SELECT minute, start, secs, sums FROM rollgate.bucket
    WHERE lane = p_lane AND subject = p_subject AND minute >= p_from_minute
    UNION ALL
    SELECT minute, total - sums[cardinality(sums)], secs, sums FROM rollgate.counter
    WHERE lane = p_lane AND subject = p_subject
  ) m
  WHERE m.start < p_unit AND m.start + m.sums[cardinality(m.sums)] >= p_unit
  ORDER BY m.minute DESC
  LIMIT 1
$$;

COMMENT ON FUNCTION rollgate.second_of IS 'The second in which a numbered unit of a subject was granted, looked for from a minute on';

-- A window's base: the number of the newest unit that no longer counts, for a window that begins in second `sec` of the
-- minute these columns tell of. The window sum is the total minus its base.
CREATE FUNCTION rollgate.window_base(cleared bigint, start bigint, secs smallint[], sums int[], sec smallint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(cleared, start + coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), 0)
$$;

COMMENT ON FUNCTION rollgate.window_base IS 'Number of the newest unit that a window no longer counts; inlined';

-- The first second (0-59) of a minute with a unit newer than `base`.
CREATE FUNCTION rollgate.oldest_second(base bigint, start bigint, secs smallint[], sums int[]) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(greatest(base - start, 0)::int, sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.oldest_second IS 'First second of a minute that holds a unit newer than a base; inlined';

-- The rest of a batch, inside rollgate.acquire, which holds the lanes: every item but p_done, at second p_second.
CREATE FUNCTION rollgate.acquire_cold(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_done       int[],
  p_second     int,
  OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[], OUT hour_reset int[],
  OUT retry_at int[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Two rows of one subject would each count from the same total, and one grant would be lost.
  IF (SELECT count(*) <> count(DISTINCT i.subject COLLATE "C") FROM unnest(p_subjects) WITH ORDINALITY AS i (subject, ord)
      WHERE p_done IS NULL OR i.ord <> ALL (p_done)) THEN
    RAISE EXCEPTION 'rollgate.acquire: a subject stands twice in one batch' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  WITH seen AS (
    -- The subject's own clock never goes back: `s` is at least the second of its newest grant.
    SELECT i.ord, i.lane, i.subject, i.cost, i.calls, i.per_minute, i.per_hour, t.s, t.s / 60 AS m, (t.s % 60)::smallint AS sec,
           c.ctid AS tid, c.minute < t.s / 60 AS stale,
           c.minute, c.total, c.cleared, c.hour_next, c.prev_start, c.hour_start,
           c.secs, c.sums, c.prev_secs, c.prev_sums, c.hour_secs, c.hour_sums,
           c.total - c.sums[cardinality(c.sums)] AS start
    FROM unnest(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour) WITH ORDINALITY
         AS i (lane, subject, cost, calls, per_minute, per_hour, ord)
    LEFT JOIN rollgate.counter c ON c.lane = i.lane AND c.subject = i.subject
    CROSS JOIN LATERAL (SELECT greatest(p_second, c.minute * 60 + c.secs[cardinality(c.secs)]) AS s) t
    WHERE p_done IS NULL OR i.ord <> ALL (p_done)
  ),
  -- The head as it stands in the minute of `s`. Only a stale head is worked out anew.
  head AS (
    SELECT z.ord, z.lane, z.subject, z.cost, z.calls, z.per_minute, z.per_hour, z.s, z.m, z.sec, z.tid, z.stale,
           coalesce(z.total, 0) AS total, coalesce(z.cleared, 0) AS cleared,
           CASE WHEN NOT z.stale THEN z.start ELSE z.total END AS start,
           CASE WHEN NOT z.stale THEN z.secs END AS secs,
           CASE WHEN NOT z.stale THEN z.sums END AS sums,
           CASE WHEN NOT z.stale THEN z.prev_start WHEN z.minute = z.m - 1 THEN z.start ELSE z.total END AS prev_start,
           CASE WHEN NOT z.stale THEN z.prev_secs WHEN z.minute = z.m - 1 THEN z.secs ELSE '{}' END AS prev_secs,
           CASE WHEN NOT z.stale THEN z.prev_sums WHEN z.minute = z.m - 1 THEN z.sums ELSE '{}' END AS prev_sums,
           CASE WHEN NOT z.stale THEN z.hour_start WHEN z.minute < z.m - 60 THEN z.total
                ELSE coalesce(b.start, z.start) END AS hour_start,
           CASE WHEN NOT z.stale THEN z.hour_secs WHEN z.minute = z.m - 60 THEN z.secs
                WHEN b.minute = z.m - 60 THEN b.secs ELSE '{}' END AS hour_secs,
           CASE WHEN NOT z.stale THEN z.hour_sums WHEN z.minute = z.m - 60 THEN z.sums
                WHEN b.minute = z.m - 60 THEN b.sums ELSE '{}' END AS hour_sums,
           CASE WHEN NOT z.stale THEN z.hour_next WHEN z.minute > z.m - 60 THEN coalesce(n.second,
                z.minute * 60 + z.secs[width_bucket(greatest(z.cleared - z.start, 0)::int, z.sums) + 1]) END AS hour_next
    FROM seen z
    -- the first finished minute that is not older than the minute an hour ago,
    LEFT JOIN LATERAL (
      SELECT minute, start, secs, sums FROM rollgate.bucket
      WHERE z.stale AND z.minute > z.m - 60 AND lane = z.lane AND subject = z.subject AND minute >= z.m - 60
      ORDER BY minute LIMIT 1
    ) b ON true
    -- and the oldest counted second after that minute
    LEFT JOIN LATERAL (
      SELECT minute * 60 + secs[width_bucket(greatest(z.cleared - start, 0)::int, sums) + 1] AS second FROM rollgate.bucket
      WHERE z.stale AND z.minute > z.m - 60 AND lane = z.lane AND subject = z.subject AND minute > z.m - 60
        AND sums[cardinality(sums)] > greatest(z.cleared - start, 0)
      ORDER BY minute LIMIT 1
    ) n ON true
  ),
  counted AS (
    SELECT h.*,
           rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, sec) AS minute_base,
           rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, sec) AS hour_base
    FROM head h
  ),
  decided AS MATERIALIZED (
    SELECT d.*, g.granted, g.granted * cost AS units
    FROM counted d
    CROSS JOIN LATERAL (
      SELECT least(calls, greatest(0, least(per_minute - (total - minute_base), per_hour - (total - hour_base)) / cost))::int
             AS granted
    ) g
  ),
  -- The hot write: same minute, one element of each array.
  bumped AS (
    UPDATE rollgate.counter c
    SET total = c.total + d.units,
        secs[cardinality(c.secs) + (c.secs[cardinality(c.secs)] <> d.sec)::int] = d.sec,
        sums[cardinality(c.secs) + (c.secs[cardinality(c.secs)] <> d.sec)::int] = c.sums[cardinality(c.sums)] + d.units
    FROM decided d
    WHERE c.ctid = d.tid AND d.units > 0 AND NOT d.stale
  ),
  archived AS (
    INSERT INTO rollgate.bucket AS b (lane, subject, minute, start, secs, sums)
    SELECT d.lane, d.subject, c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums
    FROM decided d JOIN rollgate.counter c ON c.ctid = d.tid
    WHERE d.units > 0 AND d.stale
  ),
  rolled AS (
    UPDATE rollgate.counter c
    SET minute = d.m, total = d.total + d.units, secs = ARRAY[d.sec], sums = ARRAY[d.units],
        prev_start = d.prev_start, prev_secs = d.prev_secs, prev_sums = d.prev_sums,
        hour_start = d.hour_start, hour_secs = d.hour_secs, hour_sums = d.hour_sums, hour_next = d.hour_next
    FROM decided d
    WHERE c.ctid = d.tid AND d.units > 0 AND d.stale
  ),
  added AS (
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
    SELECT d.lane, d.subject, d.m, d.units, ARRAY[d.sec], ARRAY[d.units], 0, 0
    FROM decided d
    WHERE d.units > 0 AND d.tid IS NULL
  ),
  answered AS (
    SELECT ord::int AS ord, d.granted,
         (d.total - d.minute_base)::int AS minute_used,
         (d.total - d.hour_base)::int AS hour_used,
         61 + coalesce(
           (m - 1) * 60 + rollgate.oldest_second(minute_base, prev_start, prev_secs, prev_sums),
           m * 60 + rollgate.oldest_second(minute_base, start, secs, sums),
           CASE WHEN units > 0 THEN s END) AS minute_reset,
         3601 + coalesce(
           (m - 60) * 60 + rollgate.oldest_second(hour_base, hour_start, hour_secs, hour_sums),
           hour_next,
           m * 60 + rollgate.oldest_second(hour_base, start, secs, sums),
           CASE WHEN units > 0 THEN s END) AS hour_reset,
         CASE WHEN d.granted < d.calls AND cost <= least(per_minute, per_hour) THEN greatest(
           CASE WHEN total + units + cost - per_minute > total THEN s + 61
                WHEN total + units + cost - per_minute > minute_base
                THEN 61 + rollgate.second_of(d.lane, d.subject, total + units + cost - per_minute, m - 60) END,
           CASE WHEN total + units + cost - per_hour > total THEN s + 3601
                WHEN total + units + cost - per_hour > hour_base
                THEN 3601 + rollgate.second_of(d.lane, d.subject, total + units + cost - per_hour, m - 60) END) END AS retry_at
    FROM decided d
  )
  SELECT array_agg(a.ord), array_agg(a.granted), array_agg(a.minute_used), array_agg(a.hour_used), array_agg(a.minute_reset),
         array_agg(a.hour_reset), array_agg(a.retry_at)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at
  FROM answered a;
END $$;

COMMENT ON FUNCTION rollgate.acquire_cold IS 'The items of a batch that rollgate.acquire did not grant at once; only it calls this';

-- Decides a batch: for each subject, how many of p_calls calls of p_costs units each fit into both windows, all or
-- nothing for each call. Subjects should be distinct. Answers one row of arrays, one element for each subject, in the
-- order of `item`, the subjects' places in the batch.
CREATE FUNCTION rollgate.acquire(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- tests own the clock; NULL: clock_timestamp() after the lock
  OUT now_ms       bigint,  -- the clock of this decision, Unix ms
  OUT item         int[],
  OUT granted      int[],   -- so many calls, the first ones
  OUT minute_used  int[],   -- units in the window before this batch
  OUT hour_used    int[],
  OUT minute_reset int[],   -- second in which the oldest used unit leaves the window, after this batch; NULL: none is used
  OUT hour_reset   int[],
  OUT retry_at     int[]    -- second in which the first call not granted fits; NULL: never, or none was denied
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now    timestamptz;
  v_second int;
  v_minute int;
  v_sec    smallint;
  v_cold   record;
BEGIN
  PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
  -- Not now() or statement_timestamp(): they are as old as the wait for the lock.
  v_now := coalesce(p_now, clock_timestamp());
  v_second := greatest(floor(extract(epoch FROM v_now)), (SELECT max(swept_to) FROM rollgate.lane WHERE lane = ANY (p_lanes)));
  v_minute := v_second / 60;
  v_sec := v_second % 60;
  now_ms := extract(epoch FROM v_now) * 1000;

  -- Nearly every grant: the head is of this minute and all calls fit. One index descent and one HOT update an item.
  WITH hot AS (
    UPDATE rollgate.counter c
    SET total = c.total + p_costs[i.ord]::bigint * p_calls[i.ord],
        secs[cardinality(c.secs) + (c.secs[cardinality(c.secs)] < v_sec)::int] = v_sec,
        sums[cardinality(c.secs) + (c.secs[cardinality(c.secs)] < v_sec)::int] = c.sums[cardinality(c.sums)] + p_costs[i.ord] * p_calls[i.ord]
    -- One array unnested, the others subscripted: each array of an unnest is materialised row by row.
    FROM unnest(p_subjects) WITH ORDINALITY AS i (subject, ord)
    -- Both key columns come from the item: each item looks its head up, whatever the statistics say of a young table.
    WHERE c.lane = p_lanes[i.ord] AND c.subject = i.subject
      AND c.minute = v_minute AND c.secs[cardinality(c.secs)] <= v_sec
      AND c.total + p_costs[i.ord]::bigint * p_calls[i.ord]
          - rollgate.window_base(c.cleared, c.prev_start, c.prev_secs, c.prev_sums, v_sec) <= p_per_minute[i.ord]
      AND c.total + p_costs[i.ord]::bigint * p_calls[i.ord]
          - rollgate.window_base(c.cleared, c.hour_start, c.hour_secs, c.hour_sums, v_sec) <= p_per_hour[i.ord]
    RETURNING i.ord::int AS ord, p_calls[i.ord] AS calls,
      (c.total - p_costs[i.ord] * p_calls[i.ord] - rollgate.window_base(c.cleared, c.prev_start, c.prev_secs, c.prev_sums, v_sec))::int AS minute_used,
      (c.total - p_costs[i.ord] * p_calls[i.ord] - rollgate.window_base(c.cleared, c.hour_start, c.hour_secs, c.hour_sums, v_sec))::int AS hour_used,
      61 + coalesce(
        (v_minute - 1) * 60 + rollgate.oldest_second(
          rollgate.window_base(c.cleared, c.prev_start, c.prev_secs, c.prev_sums, v_sec), c.prev_start, c.prev_secs, c.prev_sums),
        v_minute * 60 + rollgate.oldest_second(c.cleared, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums)) AS minute_reset,
      3601 + coalesce(
        (v_minute - 60) * 60 + rollgate.oldest_second(
          rollgate.window_base(c.cleared, c.hour_start, c.hour_secs, c.hour_sums, v_sec), c.hour_start, c.hour_secs, c.hour_sums),
        c.hour_next,
        v_minute * 60 + rollgate.oldest_second(c.cleared, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums)) AS hour_reset
  )
  SELECT array_agg(ord), array_agg(calls), array_agg(minute_used), array_agg(hour_used), array_agg(minute_reset),
         array_agg(hour_reset), array_agg(NULL::int)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at
  FROM hot;

  IF cardinality(p_subjects) = cardinality(item) THEN
    RETURN;
  END IF;

  -- The rest: subjects new or with a head of another minute, and calls that do not all fit.
  SELECT * INTO v_cold FROM rollgate.acquire_cold(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, item, v_second);
  item         := item         || v_cold.item;
  granted      := granted      || v_cold.granted;
  minute_used  := minute_used  || v_cold.minute_used;
  hour_used    := hour_used    || v_cold.hour_used;
  minute_reset := minute_reset || v_cold.minute_reset;
  hour_reset   := hour_reset   || v_cold.hour_reset;
  retry_at     := retry_at     || v_cold.retry_at;
END $$;

COMMENT ON FUNCTION rollgate.acquire IS 'Decides one batch: how many calls of each subject fit into the rolling minute and hour; writes only what it grants';

-- The seconds of each subject's hour window that hold units, oldest first. Takes no lock and writes nothing.
CREATE FUNCTION rollgate.peek(p_lane int, p_subjects text[], p_now timestamptz DEFAULT NULL)
RETURNS TABLE (now_ms bigint, seconds int[], units int[])
LANGUAGE sql STABLE
SET enable_seqscan = off
AS $$
  WITH clock AS (
    SELECT t.now, greatest(floor(extract(epoch FROM t.now)), (SELECT swept_to FROM rollgate.lane WHERE lane = p_lane))::int AS second
    FROM (SELECT coalesce(p_now, clock_timestamp()) AS now) t
  )
  SELECT (extract(epoch FROM clock.now) * 1000)::bigint, coalesce(w.seconds, '{}'), coalesce(w.units, '{}')
  FROM clock
  CROSS JOIN unnest(p_subjects) WITH ORDINALITY AS i (subject, ord)
  LEFT JOIN rollgate.counter c ON c.lane = p_lane AND c.subject = i.subject
  CROSS JOIN LATERAL (SELECT greatest(clock.second, c.minute * 60 + c.secs[cardinality(c.secs)]) AS s) t
  LEFT JOIN LATERAL (
    SELECT array_agg(u.second ORDER BY u.second) AS seconds, array_agg(u.units ORDER BY u.second) AS units
    FROM (
      SELECT m.minute * 60 + x.sec AS second,
             (m.start + x.sum - greatest(c.cleared, m.start + coalesce(lag(x.sum) OVER (PARTITION BY m.minute ORDER BY x.sec), 0)))::int AS units
      FROM (
        SELECT minute, start, secs, sums FROM rollgate.bucket
        WHERE lane = p_lane AND subject = i.subject AND minute >= t.s / 60 - 60
        UNION ALL
        SELECT c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums
      ) m
      CROSS JOIN LATERAL unnest(m.secs, m.sums) AS x (sec, sum)
    ) u
    WHERE u.second >= t.s - 3600 AND u.units > 0
  ) w ON c.lane IS NOT NULL
  ORDER BY i.ord
$$;

COMMENT ON FUNCTION rollgate.peek IS 'Looks at subjects without spending: the seconds of the last hour that hold units';

-- One page of the subjects that start with p_prefix and have been granted units within the hour window.
CREATE FUNCTION rollgate.list_subjects(p_lane int, p_prefix text, p_after text, p_limit int, p_now timestamptz DEFAULT NULL)
RETURNS TABLE (subject text)
LANGUAGE sql STABLE
SET enable_seqscan = off
AS $$
  SELECT c.subject FROM rollgate.counter c
  WHERE c.lane = p_lane AND c.subject >= p_prefix AND c.subject > p_after AND starts_with(c.subject, p_prefix)
    -- no text that starts with the prefix is above this one
    AND c.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1)
    AND c.total > c.cleared
    AND c.minute * 60 + c.secs[cardinality(c.secs)] >= extract(epoch FROM coalesce(p_now, clock_timestamp())) - 3600
  ORDER BY c.subject
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.list_subjects IS 'Subjects of a key prefix with traffic in the last hour, in key order, one page';

-- Takes units back that were granted in p_second. Later units move up by as many, wherever their numbers are kept.
CREATE FUNCTION rollgate.refund(p_lane int, p_subject text, p_second int, p_units int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  v_minute int := p_second / 60;
  v_head   rollgate.counter;
  v_start  bigint;
  v_secs   smallint[];
  v_sums   int[];
  v_at     int;
  v_taken  int;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  SELECT * INTO v_head FROM rollgate.counter WHERE lane = p_lane AND subject = p_subject;
  IF NOT found OR v_minute < v_head.minute - 60 THEN
    RETURN 0; -- nothing left that counts
  END IF;
  IF v_minute = v_head.minute THEN
    v_secs := v_head.secs;
    v_sums := v_head.sums;
    v_start := v_head.total - v_sums[cardinality(v_sums)];
  ELSE
    SELECT secs, sums, start INTO v_secs, v_sums, v_start FROM rollgate.bucket
    WHERE lane = p_lane AND subject = p_subject AND minute = v_minute;
  END IF;
  v_at := array_position(v_secs, (p_second % 60)::smallint);
  IF v_at IS NULL THEN
    RETURN 0;
  END IF;
  v_taken := least(p_units, v_sums[v_at] - coalesce(v_sums[v_at - 1], 0), v_start + v_sums[v_at] - v_head.cleared);
  IF v_taken <= 0 THEN
    RETURN 0; -- refunded before, or forgiven by a reset
  END IF;
  v_sums := ARRAY(SELECT sum - CASE WHEN ord >= v_at THEN v_taken ELSE 0 END
                  FROM unnest(v_sums) WITH ORDINALITY AS u (sum, ord) ORDER BY ord);
  UPDATE rollgate.bucket
  SET start = start - CASE WHEN minute > v_minute THEN v_taken ELSE 0 END,
      sums = CASE WHEN minute = v_minute THEN v_sums ELSE sums END
  WHERE lane = p_lane AND subject = p_subject AND minute >= v_minute;
  UPDATE rollgate.counter
  SET total = total - v_taken,
      sums = CASE WHEN minute = v_minute THEN v_sums ELSE sums END,
      prev_sums = CASE WHEN minute - 1 = v_minute THEN v_sums ELSE prev_sums END,
      prev_start = prev_start - CASE WHEN minute - 1 > v_minute THEN v_taken ELSE 0 END,
      hour_sums = CASE WHEN minute - 60 = v_minute THEN v_sums ELSE hour_sums END,
      hour_next = (
        SELECT b.minute * 60 + b.secs[width_bucket(greatest(v_head.cleared - b.start, 0)::int, b.sums) + 1] FROM rollgate.bucket b
        WHERE b.lane = p_lane AND b.subject = p_subject AND b.minute > v_head.minute - 60
          AND b.sums[cardinality(b.sums)] > greatest(v_head.cleared - b.start, 0)
        ORDER BY b.minute LIMIT 1)
  WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject) VALUES (p_subject);
  RETURN v_taken;
END $$;

COMMENT ON FUNCTION rollgate.refund IS 'Gives back units granted in one second; returns how many were found there';

-- Empties both windows. What was used stays on record, and the subject's clock stays where it is.
CREATE FUNCTION rollgate.reset(p_lane int, p_subject text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  UPDATE rollgate.counter SET cleared = total, hour_next = NULL WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject) VALUES (p_subject);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';

-- Polled by every node; an identity can become visible after a later one, so nodes ask for a span of time, not an id.
CREATE FUNCTION rollgate.recently_freed() RETURNS TABLE (id bigint, subject text)
LANGUAGE sql STABLE AS $$
  SELECT f.id, f.subject FROM rollgate.freed f WHERE f.at > clock_timestamp() - interval '15 seconds'
$$;

COMMENT ON FUNCTION rollgate.recently_freed IS 'Subjects freed in the last 15 seconds';

-- One small step of the janitor in one lane: looks at up to p_limit heads after p_after and removes the idle ones, then
-- at as many finished minutes after (p_bucket_subject, p_bucket_minute) and removes those past their retention.
-- Never waits: a busy lane answers `busy` and is asked again. Returns where to go on; NULL: that table is done.
CREATE FUNCTION rollgate.sweep(
  p_lane           int,
  p_head_after     text,
  p_bucket_subject text,
  p_bucket_minute  int,
  p_limit          int,
  p_keep_seconds   int,
  p_now            timestamptz DEFAULT NULL
) RETURNS TABLE (busy boolean, heads int, buckets int, head_after text, bucket_subject text, bucket_minute int)
LANGUAGE plpgsql
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

COMMENT ON FUNCTION rollgate.sweep IS 'One small step of the janitor in one lane: removes idle heads and old finished minutes, never waiting for the lane';
