-- Decides the rest of a batch at second p_second: every item that is not in p_done. Only rollgate.acquire calls this, while it
-- holds the lanes (docs/decisions/0002-hot-and-cold.md). An existing head row is written once, whatever its minute.
--
-- A head of an earlier minute H is stale at minute m. When it grants, its minute is archived in rollgate.bucket, and the head moves to
-- minute m: it gets secs and sums of the new grant alone, and these copies:
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
  p_done       int[],  -- places in the batch that rollgate.acquire has answered; NULL: none
  p_second     int,
  OUT item         int[],  -- these are as in rollgate.acquire
  OUT granted      int[],
  OUT minute_used  int[],
  OUT hour_used    int[],
  OUT minute_reset int[],
  OUT hour_reset   int[],
  OUT retry_at     int[],
  OUT second       int[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- Two items of one subject would each count from the same total, and one grant would be lost. The check also covers p_done:
  -- which of two equal subjects rollgate.acquire has granted depends on the plan, and it never grants both.
  IF cardinality(p_subjects) > 1 AND (
    SELECT count(*) <> count(DISTINCT asked.subject COLLATE "C") FROM unnest(p_subjects) AS asked (subject)
  ) THEN
    RAISE EXCEPTION 'rollgate.acquire: the batch contains a subject twice' USING ERRCODE = 'invalid_parameter_value';
  END IF;

  -- Each stage adds columns to the one before. OFFSET 0 keeps a stage separate: merged into the next, its expressions would be
  -- compiled and run for each use of a column.
  --
  -- Stage 1: each item with the stored head of its subject (old_…; NULL: there is none), and the time at which it is decided.
  WITH found AS (
    SELECT asked.place, asked.lane, asked.subject, asked.cost, asked.calls, asked.per_minute, asked.per_hour,
           clock.second, clock.second / 60 AS minute, (clock.second % 60)::smallint AS sec,
           (clock.second % 60 - 1)::smallint AS before,
           head.ctid AS old_row, head.minute < clock.second / 60 AS stale, head.minute AS old_minute, head.total, head.cleared,
           head.total - head.sums[cardinality(head.sums)] AS old_start, head.secs AS old_secs, head.sums AS old_sums,
           head.prev_start AS old_prev_start, head.prev_secs AS old_prev_secs, head.prev_sums AS old_prev_sums,
           head.hour_start AS old_hour_start, head.hour_secs AS old_hour_secs, head.hour_sums AS old_hour_sums,
           head.hour_next AS old_hour_next
    FROM unnest(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour) WITH ORDINALITY
         AS asked (lane, subject, cost, calls, per_minute, per_hour, place)
    LEFT JOIN rollgate.counter head ON head.lane = asked.lane AND head.subject = asked.subject
    -- Time never goes back for a subject: it is at least the second of its newest grant.
    CROSS JOIN LATERAL (SELECT greatest(p_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second) clock
    WHERE p_done IS NULL OR asked.place <> ALL (p_done)
    OFFSET 0
  ),
  -- Stage 2: the head as it is at the minute of the decision. Only a stale head is recomputed.
  moved AS (
    SELECT found.place, found.lane, found.subject, found.cost, found.calls, found.per_minute, found.per_hour,
           found.second, found.minute, found.sec, found.before,
           found.old_row, found.stale, found.old_minute, found.old_start, found.old_secs, found.old_sums,
           coalesce(total, 0) AS total, coalesce(cleared, 0) AS cleared,
           CASE WHEN NOT stale THEN old_start ELSE total END AS start,
           CASE WHEN NOT stale THEN old_secs END AS secs,
           CASE WHEN NOT stale THEN old_sums END AS sums,
           CASE WHEN NOT stale THEN old_prev_start WHEN old_minute = found.minute - 1 THEN old_start ELSE total END AS prev_start,
           CASE WHEN NOT stale THEN old_prev_secs WHEN old_minute = found.minute - 1 THEN old_secs ELSE '{}' END AS prev_secs,
           CASE WHEN NOT stale THEN old_prev_sums WHEN old_minute = found.minute - 1 THEN old_sums ELSE '{}' END AS prev_sums,
           CASE WHEN NOT stale THEN old_hour_start WHEN old_minute < found.minute - 60 THEN total
                ELSE coalesce(first_archived.start, old_start) END AS hour_start,
           CASE WHEN NOT stale THEN old_hour_secs WHEN old_minute = found.minute - 60 THEN old_secs
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.secs ELSE '{}' END AS hour_secs,
           CASE WHEN NOT stale THEN old_hour_sums WHEN old_minute = found.minute - 60 THEN old_sums
                WHEN first_archived.minute = found.minute - 60 THEN first_archived.sums ELSE '{}' END AS hour_sums,
           CASE WHEN NOT stale THEN old_hour_next WHEN old_minute > found.minute - 60 THEN coalesce(next_counted.second,
                old_minute * 60 + rollgate.oldest_second(cleared, old_start, old_secs, old_sums)) END AS hour_next
    FROM found
    -- The first archived minute from the minute an hour ago on.
    LEFT JOIN LATERAL (
      SELECT minute, start, secs, sums FROM rollgate.bucket
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute >= found.minute - 60
      ORDER BY minute LIMIT 1
    ) first_archived ON true
    -- The oldest second with counted units after the minute an hour ago.
    LEFT JOIN LATERAL (
      SELECT minute * 60 + rollgate.oldest_second(found.cleared, start, secs, sums) AS second FROM rollgate.bucket
      WHERE found.stale AND found.old_minute > found.minute - 60
        AND lane = found.lane AND subject = found.subject AND minute > found.minute - 60
        AND sums[cardinality(sums)] > greatest(found.cleared - start, 0)
      ORDER BY minute LIMIT 1
    ) next_counted ON true
    OFFSET 0
  ),
  -- Stage 3: what each window no longer counts.
  counted AS (
    SELECT moved.*,
           rollgate.window_base(cleared, prev_start, prev_secs, prev_sums, before) AS minute_base,
           rollgate.window_base(cleared, hour_start, hour_secs, hour_sums, before) AS hour_base
    FROM moved
    OFFSET 0
  ),
  -- Stage 4: the decision.
  decided AS MATERIALIZED (
    SELECT counted.*, fitting.granted, fitting.granted * cost AS units,
           -- A new subject has no starts.
           rollgate.is_near(total + fitting.granted * cost, coalesce(prev_start, 0), per_minute, coalesce(hour_start, 0), per_hour) AS near
    FROM counted
    CROSS JOIN LATERAL (
      SELECT least(calls, greatest(0, rollgate.free_units(total, minute_base, per_minute, hour_base, per_hour) / cost))::int AS granted
      OFFSET 0
    ) fitting
  ),
  -- What is granted is written: the finished minute of a stale head, the head, and the heads of new subjects.
  archived AS (
    INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
    SELECT lane, subject, old_minute, old_start, old_secs, old_sums FROM decided WHERE units > 0 AND stale
  ),
  -- Within one minute only the newest second changes. WAL records what differs, whatever is assigned.
  updated AS (
    UPDATE rollgate.counter head
    SET minute = decided.minute, total = decided.total + decided.units,
        secs = CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec THEN decided.secs ELSE decided.secs || decided.sec END,
        sums = CASE WHEN decided.secs[cardinality(decided.secs)] = decided.sec
                 THEN decided.sums[:cardinality(decided.sums) - 1] ELSE decided.sums END
               || (decided.total + decided.units - decided.start)::int,
        prev_start = decided.prev_start, prev_secs = decided.prev_secs, prev_sums = decided.prev_sums,
        hour_start = decided.hour_start, hour_secs = decided.hour_secs, hour_sums = decided.hour_sums,
        hour_next = decided.hour_next,
        near_hour = CASE WHEN decided.near THEN decided.second / 3600 ELSE head.near_hour END
    FROM decided
    WHERE head.ctid = decided.old_row AND decided.units > 0
  ),
  added AS (
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start, near_hour)
    SELECT lane, subject, minute, units, ARRAY[sec], ARRAY[units], 0, 0, CASE WHEN near THEN decided.second / 3600 END
    FROM decided WHERE units > 0 AND old_row IS NULL
  ),
  -- The answers. minute_reset and hour_reset are of the oldest used unit: of the minute in which the window begins, of a minute
  -- between, of this minute, or of this very grant.
  answered AS (
    SELECT place::int AS place, decided.second, decided.granted,
           (total - minute_base)::int AS minute_used,
           (total - hour_base)::int AS hour_used,
           rollgate.window_buckets('minute') + coalesce(
             (minute - 1) * 60 + rollgate.oldest_second(minute_base, prev_start, prev_secs, prev_sums),
             minute * 60 + rollgate.oldest_second(minute_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS minute_reset,
           rollgate.window_buckets('hour') + coalesce(
             (minute - 60) * 60 + rollgate.oldest_second(hour_base, hour_start, hour_secs, hour_sums),
             hour_next,
             minute * 60 + rollgate.oldest_second(hour_base, start, secs, sums),
             CASE WHEN units > 0 THEN decided.second END) AS hour_reset,
           CASE WHEN decided.granted < calls AND cost <= least(per_minute, per_hour) THEN greatest(
             rollgate.window_buckets('minute') + CASE
               WHEN leaving.minute_unit > total THEN decided.second
               WHEN leaving.minute_unit > minute_base THEN rollgate.second_of(lane, subject, leaving.minute_unit, minute - 60) END,
             rollgate.window_buckets('hour') + CASE
               WHEN leaving.hour_unit > total THEN decided.second
               WHEN leaving.hour_unit > hour_base THEN rollgate.second_of(lane, subject, leaving.hour_unit, minute - 60) END
           ) END AS retry_at
    FROM decided
    -- The newest unit that must have left each window before the first denied call fits. It may be one that was granted just now
    -- (above the old total), or one that has left already (up to the base).
    CROSS JOIN LATERAL (
      SELECT total + units + cost - per_minute AS minute_unit, total + units + cost - per_hour AS hour_unit
    ) leaving
  )
  SELECT array_agg(place), array_agg(answered.granted), array_agg(answered.minute_used), array_agg(answered.hour_used),
         array_agg(answered.minute_reset), array_agg(answered.hour_reset), array_agg(answered.retry_at), array_agg(answered.second)
  INTO item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
  FROM answered;
END $$;

COMMENT ON FUNCTION rollgate.acquire_cold IS
  'Decides the items of a batch that rollgate.acquire did not grant at once; called only by rollgate.acquire';
