-- Decides the rest of a batch at second p_second: every item that is not in p_done. Only rollgate.acquire calls this, while it
-- holds the lanes (docs/decisions/0002-hot-and-cold.md). An existing head row is written once, whatever its minute.
--
-- A head of an earlier minute H is stale at minute m. When it grants, its minute is archived in rollgate.bucket, and the head gets
-- minute = m, secs and sums of the new grant alone, and these copies:
--
--   H                  prev_*          hour_*                                       hour_next
--   m - 1              minute H        archived minute m - 60; empty if none        oldest counted unit of minutes m - 59 to H
--   m - 59 to m - 2    empty           archived minute m - 60; empty if none        oldest counted unit of minutes m - 59 to H
--   m - 60             empty           minute H                                     NULL
--   before m - 60      empty           empty                                        NULL
--
-- hour_start is the start of the first minute on record from m - 60 on, and the total if there is none. prev_start is the start of
-- minute H if H = m - 1, and the total otherwise.
CREATE OR REPLACE FUNCTION rollgate.acquire_cold(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_done       int[],
  p_second     int,
  OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[], OUT hour_reset int[],
  OUT retry_at int[], OUT second int[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Two items of one subject would each count from the same total, and one grant would be lost. The check also covers p_done:
  -- which of two equal subjects rollgate.acquire has granted depends on the plan, and it never grants both.
  IF cardinality(p_subjects) > 1 AND (
    SELECT count(*) <> count(DISTINCT i.subject COLLATE "C") FROM unnest(p_subjects) AS i (subject)
  ) THEN
    RAISE EXCEPTION 'rollgate.acquire: the batch holds a subject twice' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- OFFSET 0 keeps a stage separate: merged into the next, its expressions would be compiled and run for each use of a column.
  WITH seen AS (
    -- Time never goes back for a subject: `s` is at least the second of its newest grant.
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
    OFFSET 0
  ),
  -- The head at the minute of `s`. Only a stale head is recomputed.
  head AS (
    SELECT z.ord, z.lane, z.subject, z.cost, z.calls, z.per_minute, z.per_hour, z.s, z.m, z.sec, z.tid, z.stale,
           z.minute AS was_minute, z.start AS was_start, z.secs AS was_secs, z.sums AS was_sums,
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
                z.minute * 60 + rollgate.oldest_second(z.cleared, z.start, z.secs, z.sums)) END AS hour_next
    FROM seen z
    -- b: the first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT minute, start, secs, sums FROM rollgate.bucket
      WHERE z.stale AND z.minute > z.m - 60 AND lane = z.lane AND subject = z.subject AND minute >= z.m - 60
      ORDER BY minute LIMIT 1
    ) b ON true
    -- n: the oldest second with counted units after the minute an hour ago.
    LEFT JOIN LATERAL (
      SELECT minute * 60 + rollgate.oldest_second(z.cleared, start, secs, sums) AS second FROM rollgate.bucket
      WHERE z.stale AND z.minute > z.m - 60 AND lane = z.lane AND subject = z.subject AND minute > z.m - 60
        AND sums[cardinality(sums)] > greatest(z.cleared - start, 0)
      ORDER BY minute LIMIT 1
    ) n ON true
    OFFSET 0
  ),
  counted AS (
    SELECT h.*,
           rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, sec) AS minute_base,
           rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, sec) AS hour_base
    FROM head h
    OFFSET 0
  ),
  decided AS MATERIALIZED (
    SELECT d.*, g.granted, g.granted * cost AS units
    FROM counted d
    CROSS JOIN LATERAL (
      SELECT least(calls, greatest(0, least(per_minute - (total - minute_base), per_hour - (total - hour_base)) / cost))::int
             AS granted
      OFFSET 0
    ) g
  ),
  archived AS (
    INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
    SELECT lane, subject, was_minute, was_start, was_secs, was_sums FROM decided WHERE units > 0 AND stale
  ),
  -- Within one minute only the newest second changes. WAL records what differs, whatever is assigned.
  written AS (
    UPDATE rollgate.counter c
    SET minute = d.m, total = d.total + d.units,
        secs = CASE WHEN d.secs[cardinality(d.secs)] = d.sec THEN d.secs ELSE d.secs || d.sec END,
        sums = CASE WHEN d.secs[cardinality(d.secs)] = d.sec THEN d.sums[:cardinality(d.sums) - 1] ELSE d.sums END
               || (d.total + d.units - d.start)::int,
        prev_start = d.prev_start, prev_secs = d.prev_secs, prev_sums = d.prev_sums,
        hour_start = d.hour_start, hour_secs = d.hour_secs, hour_sums = d.hour_sums, hour_next = d.hour_next
    FROM decided d
    WHERE c.ctid = d.tid AND d.units > 0
  ),
  added AS (
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
    SELECT d.lane, d.subject, d.m, d.units, ARRAY[d.sec], ARRAY[d.units], 0, 0
    FROM decided d
    WHERE d.units > 0 AND d.tid IS NULL
  ),
  answered AS (
    SELECT ord::int AS ord, s AS second, d.granted,
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
         array_agg(a.hour_reset), array_agg(a.retry_at), array_agg(a.second)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
  FROM answered a;
END $$;

COMMENT ON FUNCTION rollgate.acquire_cold IS
  'Decides the items of a batch that rollgate.acquire did not grant at once; called only by rollgate.acquire';
