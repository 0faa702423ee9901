-- Decides a batch: for each subject, how many of p_calls calls of p_costs units each fit into both windows, all or
-- nothing for each call. A batch that holds a subject twice is refused. Answers one row of arrays, one element for each
-- subject. The order of the elements depends on the plan: `item` is the key that says which subject an element is of.
-- For speed each array is unnested once, subjects without a reset take shorter expressions, and a lone call whose head is of
-- another minute goes straight to rollgate.acquire_cold.
CREATE OR REPLACE FUNCTION rollgate.acquire(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- tests own the clock; NULL: clock_timestamp() after the lock
  OUT now_ms       bigint,  -- the clock of this decision, Unix ms
  OUT item         int[],   -- the key of each answer: the subject's place in p_subjects, from 1
  OUT granted      int[],   -- so many calls, the first ones
  OUT minute_used  int[],   -- units in the window before this batch
  OUT hour_used    int[],
  OUT minute_reset int[],   -- second in which the oldest used unit leaves the window, after this batch; NULL: none is used
  OUT hour_reset   int[],
  OUT retry_at     int[],   -- second in which the first call not granted fits; NULL: never, or none was denied
  OUT second       int[]    -- second in which the subject was decided and its grants are counted; NULL: all in that of now_ms
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now    timestamptz;
  v_second int;
  v_minute int;
  v_sec    smallint;
  v_places int[] := array_positions(array_fill(1, ARRAY[cardinality(p_subjects)]), 1);  -- 1, 2, 3, …
  v_cold   record;
BEGIN
  PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
  -- Not now() or statement_timestamp(): they are as old as the wait for the lock.
  v_now := coalesce(p_now, clock_timestamp());
  v_second := greatest(floor(extract(epoch FROM v_now)), (SELECT max(swept_to) FROM rollgate.lane WHERE lane = ANY (p_lanes)));
  v_minute := v_second / 60;
  v_sec := v_second % 60;
  now_ms := floor(extract(epoch FROM v_now) * 1000);

  -- Nearly every grant: the head is of this minute and all calls fit. One index descent and one HOT update an item.
  IF cardinality(p_subjects) > 1 OR EXISTS (
    SELECT FROM rollgate.counter WHERE lane = p_lanes[1] AND subject = p_subjects[1] AND minute = v_minute
  ) THEN
    WITH hot AS (
      UPDATE rollgate.counter c
      SET total = c.total + i.units,
          secs[cardinality(c.secs) + (c.secs[cardinality(c.secs)] < v_sec)::int] = v_sec,
          sums[cardinality(c.secs) + (c.secs[cardinality(c.secs)] < v_sec)::int] = c.sums[cardinality(c.sums)] + i.units
      FROM (
        -- In the select list, where a set is handed on row by row; in FROM it is written down first. Arrays alone: they are taken
        -- for short, and a series for so long that a young table would be read as a whole for each item.
        SELECT unnest(p_subjects) AS subject, unnest(p_lanes) AS lane, unnest(p_calls) AS calls,
               unnest(p_costs)::bigint * unnest(p_calls) AS units,
               unnest(p_per_minute) AS per_minute, unnest(p_per_hour) AS per_hour, unnest(v_places) AS ord
      ) i
      -- Both key columns come from the item: each item looks its head up, whatever the statistics say of a young table.
      WHERE c.lane = i.lane AND c.subject = i.subject
        AND c.minute = v_minute AND c.secs[cardinality(c.secs)] <= v_sec AND c.cleared <= c.hour_start
        AND c.total + i.units - rollgate.window_base(c.cleared, c.prev_start, c.prev_secs, c.prev_sums, v_sec) <= i.per_minute
        AND c.total + i.units - rollgate.window_base(c.cleared, c.hour_start, c.hour_secs, c.hour_sums, v_sec) <= i.per_hour
      RETURNING i.ord, i.calls,
        (c.total - i.units - rollgate.window_base(c.cleared, c.prev_start, c.prev_secs, c.prev_sums, v_sec))::int AS minute_used,
        (c.total - i.units - rollgate.window_base(c.cleared, c.hour_start, c.hour_secs, c.hour_sums, v_sec))::int AS hour_used,
        61 + coalesce((v_minute - 1) * 60 + rollgate.first_counted(c.prev_secs, c.prev_sums, v_sec),
                      v_minute * 60 + rollgate.oldest_second(0, 0, c.secs, c.sums)) AS minute_reset,
        3601 + coalesce((v_minute - 60) * 60 + rollgate.first_counted(c.hour_secs, c.hour_sums, v_sec),
                        c.hour_next,
                        v_minute * 60 + rollgate.oldest_second(0, 0, c.secs, c.sums)) AS hour_reset
    )
    -- The updated rows come in the order of the plan, not of the batch: every array is collected from the same rows as its keys.
    SELECT array_agg(ord), array_agg(calls), array_agg(minute_used), array_agg(hour_used), array_agg(minute_reset),
           array_agg(hour_reset)
    INTO item, granted, minute_used, hour_used, minute_reset, hour_reset
    FROM hot;
    retry_at := array_fill(NULL::int, ARRAY[coalesce(cardinality(item), 0)]);

    IF cardinality(p_subjects) = cardinality(item) THEN
      IF v_second > now_ms / 1000 THEN
        second := array_fill(v_second, ARRAY[cardinality(item)]);
      END IF;
      RETURN;
    END IF;
    second := array_fill(v_second, ARRAY[coalesce(cardinality(item), 0)]);
  END IF;

  -- The rest: subjects new or with a head of another minute, and calls that do not all fit.
  v_cold := rollgate.acquire_cold(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, item, v_second);
  item         := item         || v_cold.item;
  granted      := granted      || v_cold.granted;
  minute_used  := minute_used  || v_cold.minute_used;
  hour_used    := hour_used    || v_cold.hour_used;
  minute_reset := minute_reset || v_cold.minute_reset;
  hour_reset   := hour_reset   || v_cold.hour_reset;
  retry_at     := retry_at     || v_cold.retry_at;
  second       := second       || v_cold.second;
END $$;

COMMENT ON FUNCTION rollgate.acquire IS 'Decides one batch: how many calls of each subject fit into the rolling minute and hour; writes only what it grants';
