-- Decides a batch: for each subject, how many of p_calls calls of p_costs units each fit into both windows. Each call is allowed
-- as a whole or denied. A batch that contains a subject twice is refused. Returns one row of arrays with one element per subject.
-- The order of the elements depends on the plan: `item` says which subject an element belongs to.
--
-- The steps:
--   1. Lock the lanes of the batch, then read the clock.
--   2. Grant at once what fits completely into heads that are of the current minute (rollgate.fits_at_once): with one UPDATE for a batch
--      and one by key for a single item.
--   3. Leave the rest (new subjects, older heads, calls that do not all fit) to rollgate.acquire_cold, which answers in the same form.
-- The lanes are locked until the commit ends. With p_durable = false the commit does not wait for the disk, so the next batch enters the
-- lanes at once, and the caller flushes before it reports a grant (docs/decisions/0012-early-lock-release.md). That applies to the whole
-- transaction of the call, so a caller with other work in it leaves p_durable true.
-- docs/decisions/0002-hot-and-cold.md explains the split. The rule itself is in functions that all of them use: rollgate.units_until
-- (which units a window no longer counts; rollgate.window_base also leaves out forgiven ones), rollgate.free_units (how many more both
-- limits allow) and rollgate.window_buckets (how long a unit counts).
--
-- Worked example (docs/decisions/0001-numbered-units.md). The head row of a subject with limits of 60 a minute and 1,800 an hour:
--
--   minute = 1000   secs      = {5, 20}    sums      = {3, 10}    total      = 110   units 101-103 at :05, 104-110 at :20
--   minute   999    prev_secs = {10, 40}   prev_sums = {12, 30}   prev_start =  70   units 71-82 at :10, 83-100 at :40
--   minute   940    hour_secs = {15, 50}   hour_sums = {8, 15}    hour_start =  20   units 21-28 at :15, 29-35 at :50
--   cleared  = 0
--
-- A call of 2 units arrives at second :30 of minute 1000. Both windows begin at :30 of their first minute, which still counts, so
-- a base is the newest unit granted before :30 in that minute (rollgate.window_base):
--
--   minute window: sums up to :29 of minute 999 = 12, base = 70 + 12 = 82, used = 110 - 82 = 28, and 28 + 2 <= 60
--   hour window:   sums up to :29 of minute 940 =  8, base = 20 +  8 = 28, used = 110 - 28 = 82, and 82 + 2 <= 1800
--
-- The call is granted, and the head row gets total = 112, secs = {5, 20, 30} and sums = {3, 10, 12}. The oldest used unit of the
-- minute window is 83, granted at 999:40, so minute_reset is 61 s later, at 1000:41. The oldest of the hour window is 29, granted
-- at 940:50, so hour_reset is 3,601 s later, at 1000:51.
CREATE OR REPLACE FUNCTION rollgate.acquire(
  p_lanes      int[],
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- only tests set it; NULL: clock_timestamp() after the lock
  p_durable    boolean     DEFAULT true,  -- false: the commit does not wait for the disk; no grant may be reported before rollgate.flush
  OUT now_ms       bigint,  -- time of this decision, Unix ms
  OUT item         int[],   -- for each element: the subject's position in p_subjects, from 1
  OUT granted      int[],   -- number of calls granted: the first ones
  OUT minute_used  int[],   -- units in the window before this batch
  OUT hour_used    int[],
  OUT minute_reset int[],   -- second in which the oldest used unit leaves the window, after this batch; NULL: no unit is used
  OUT hour_reset   int[],
  OUT retry_at     int[],   -- second in which the first denied call would be allowed; NULL: never, or no call was denied; no array: no
                            -- call of the batch was denied
  OUT second       int[]    -- second in which the grants of the subject are counted; NULL: all in the second of now_ms
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now    timestamptz;
  v_second int;       -- Unix second of this decision …
  v_minute int;       -- … its minute, counted since 1970 …
  v_sec    smallint;  -- … its second within the minute (0-59) …
  v_before smallint;  -- … the second before that (-1 to 58) …
  v_minute_out int;   -- second in which units of second 0 of this minute leave the minute window …
  v_hour_out   int;   -- … and the hour window
  v_head   rollgate.counter;  -- head of a single item …
  v_units  bigint;    -- … and its units
  v_places int[];     -- 1, 2, 3, …
  v_cold   record;
  v_set    text;
BEGIN
  IF NOT p_durable THEN
    v_set := set_config('synchronous_commit', 'off', true);
    v_set := set_config('rollgate.granted', 'yes', false);  -- read by rollgate.flush in the next transaction of this session
  END IF;

  -- Step 1: lock, then read the clock.
  PERFORM rollgate.enter_lanes(VARIADIC p_lanes);
  -- Not now() or statement_timestamp(): their time is from before the wait for the lock.
  v_now := coalesce(p_now, clock_timestamp());
  v_second := greatest(floor(extract(epoch FROM v_now)), (SELECT max(swept_to) FROM rollgate.lane WHERE lane = ANY (p_lanes)));
  v_minute := v_second / 60;
  v_sec := v_second % 60;
  v_before := v_sec - 1;
  v_minute_out := v_minute * 60 + rollgate.window_buckets('minute');
  v_hour_out := v_minute * 60 + rollgate.window_buckets('hour');
  now_ms := floor(extract(epoch FROM v_now) * 1000);

  -- Step 2: grant what fits at once.
  IF cardinality(p_subjects) = 1 THEN
    -- Half of the time of a batch of one is the start of statements, which grows with the number of their expressions. To read the head
    -- first costs less than to start an UPDATE that finds nothing, and the UPDATE by key is half of the one for a batch.
    SELECT * INTO v_head FROM rollgate.counter WHERE lane = p_lanes[1] AND subject = p_subjects[1];
    IF v_head.minute = v_minute THEN
      v_units := p_costs[1]::bigint * p_calls[1];
      IF rollgate.fits_at_once(v_head, v_units, p_per_minute[1], p_per_hour[1], v_minute, v_sec, v_before) THEN
        UPDATE rollgate.counter head
        SET total = head.total + v_units,
            near_hour = CASE
              WHEN rollgate.is_near(head.total + v_units, head.prev_start, p_per_minute[1], head.hour_start, p_per_hour[1])
                THEN v_second / 3600 ELSE head.near_hour END,
            secs[rollgate.grant_place(head.secs, v_before)] = v_sec,
            sums[rollgate.grant_place(head.secs, v_before)] = head.sums[cardinality(head.sums)] + v_units
        WHERE head.lane = p_lanes[1] AND head.subject = p_subjects[1]
        RETURNING ARRAY[1], p_calls,
          ARRAY[(head.total - v_units - rollgate.minute_base(head, v_before))::int],
          ARRAY[(head.total - v_units - rollgate.hour_base(head, v_before))::int],
          ARRAY[rollgate.minute_reset(head, v_minute_out, v_before)], ARRAY[rollgate.hour_reset(head, v_hour_out, v_before)]
        INTO item, granted, minute_used, hour_used, minute_reset, hour_reset;
      END IF;
    END IF;
  ELSE
    v_places := array_positions(array_fill(1, ARRAY[cardinality(p_subjects)]), 1);
    WITH granted_at_once AS (
      UPDATE rollgate.counter head
      SET total = head.total + asked.units,
          near_hour = CASE
            WHEN rollgate.is_near(head.total + asked.units, head.prev_start, asked.per_minute, head.hour_start, asked.per_hour)
              THEN v_second / 3600 ELSE head.near_hour END,
          secs[rollgate.grant_place(head.secs, v_before)] = v_sec,
          sums[rollgate.grant_place(head.secs, v_before)] = head.sums[cardinality(head.sums)] + asked.units
      FROM (
        -- Unnested in the select list, which passes rows on one by one; FROM would materialize the set first. Only arrays: the
        -- planner estimates ten rows for an array but a thousand for a series, and would then scan a new table for each item.
        SELECT unnest(p_subjects) AS subject, unnest(p_lanes) AS lane, unnest(p_calls) AS calls,
               unnest(p_costs)::bigint * unnest(p_calls) AS units,
               unnest(p_per_minute) AS per_minute, unnest(p_per_hour) AS per_hour, unnest(v_places) AS place
      ) asked
      -- Both key columns come from the item, so each item looks up its head by index, whatever the statistics of a new table say.
      WHERE head.lane = asked.lane AND head.subject = asked.subject
        AND rollgate.fits_at_once(head, asked.units, asked.per_minute, asked.per_hour, v_minute, v_sec, v_before)
      RETURNING asked.place, asked.calls,
        (head.total - asked.units - rollgate.minute_base(head, v_before))::int AS minute_used,
        (head.total - asked.units - rollgate.hour_base(head, v_before))::int AS hour_used,
        rollgate.minute_reset(head, v_minute_out, v_before) AS minute_reset,
        rollgate.hour_reset(head, v_hour_out, v_before) AS hour_reset
    )
    -- The updated rows come in the order of the plan, not of the batch, so `item` is collected from the same rows as the other
    -- arrays.
    SELECT array_agg(place), array_agg(calls), array_agg(minute_used), array_agg(hour_used), array_agg(minute_reset),
           array_agg(hour_reset)
    INTO item, granted, minute_used, hour_used, minute_reset, hour_reset
    FROM granted_at_once;
  END IF;
  IF cardinality(p_subjects) = cardinality(item) THEN
    -- Only a sweep of the lane can be ahead of the clock.
    IF v_second > now_ms / 1000 THEN
      second := array_fill(v_second, ARRAY[cardinality(item)]);
    END IF;
    RETURN;
  END IF;

  -- Step 3: decide the rest.
  -- Nothing of what was granted at once was denied.
  retry_at := array_fill(NULL::int, ARRAY[coalesce(cardinality(item), 0)]);
  second := array_fill(v_second, ARRAY[coalesce(cardinality(item), 0)]);
  v_cold := rollgate.acquire_cold(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, item, v_second);
  item         := item         || v_cold.item;
  granted      := granted      || v_cold.granted;
  minute_used  := minute_used  || v_cold.minute_used;
  hour_used    := hour_used    || v_cold.hour_used;
  minute_reset := minute_reset || v_cold.minute_reset;
  hour_reset   := hour_reset   || v_cold.hour_reset;
  retry_at     := retry_at     || v_cold.retry_at;
  second       := second       || v_cold.second;
  IF NOT p_durable AND (0 < ANY (granted)) IS NOT TRUE THEN
    v_set := set_config('rollgate.granted', 'no', false);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.acquire IS
  'Decides one batch: how many calls of each subject fit into the rolling minute and hour; writes only what it grants';
