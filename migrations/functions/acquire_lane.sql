-- Decides a batch of one lane, like rollgate.acquire: same arguments, same answer. Every statement names the lane, so Citus runs the whole
-- function on the server that has it (docs/scale.md). The rule is that of rollgate.acquire_cold: rollgate.decide_lane is made from its
-- source. On one Postgres rollgate.acquire decides the same several times faster.
CREATE OR REPLACE FUNCTION rollgate.acquire_lane(
  p_lane       int,
  p_subjects   text[],
  p_costs      int[],
  p_calls      int[],
  p_per_minute int[],
  p_per_hour   int[],
  p_now        timestamptz DEFAULT NULL,  -- only tests set it; NULL: clock_timestamp() after the lock
  OUT now_ms       bigint,  -- these are as in rollgate.acquire
  OUT item         int[],
  OUT granted      int[],
  OUT minute_used  int[],
  OUT hour_used    int[],
  OUT minute_reset int[],
  OUT hour_reset   int[],
  OUT retry_at     int[],
  OUT second       int[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_now     timestamptz;
  v_second  int;
  v_swept   bigint;
  v_heads   rollgate.counter[];
  v_minutes rollgate.bucket[];
  v_stale   text[];  -- subjects whose finished minutes are read
  v_decided record;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  v_now := coalesce(p_now, clock_timestamp());
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM v_now)), v_swept);
  now_ms := floor(extract(epoch FROM v_now) * 1000);

  SELECT array_agg(ROW(c.*)::rollgate.counter) INTO v_heads FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject = ANY (p_subjects);
  v_stale := ARRAY(SELECT h.subject FROM unnest(v_heads) h WHERE h.minute < v_second / 60);
  LOOP
    IF cardinality(v_stale) > 0 THEN
      SELECT array_agg(ROW(b.*)::rollgate.bucket) INTO v_minutes FROM rollgate.bucket b
      WHERE b.lane = p_lane AND b.subject = ANY (v_stale) AND b.minute >= v_second / 60 - 60;
    END IF;
    v_decided := rollgate.decide_lane(
      p_lane, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, v_second, v_heads, v_minutes);
    -- Only a denial needs the finished minutes of a current head: they have the unit that must leave first.
    EXIT WHEN cardinality(v_stale) = cardinality(p_subjects) OR NOT EXISTS (
      SELECT FROM unnest(v_decided.item, v_decided.granted) AS d (item, granted)
      WHERE d.granted < p_calls[d.item] AND p_subjects[d.item] <> ALL (v_stale));
    v_stale := p_subjects;
  END LOOP;

  IF v_decided.archived IS NOT NULL THEN
    INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
    SELECT p_lane, a.subject, a.minute, a.start, a.secs, a.sums FROM unnest(v_decided.archived) a;
  END IF;
  IF v_decided.updated IS NOT NULL THEN
    UPDATE rollgate.counter head
    SET minute = new.minute, total = new.total, secs = new.secs, sums = new.sums,
        prev_start = new.prev_start, prev_secs = new.prev_secs, prev_sums = new.prev_sums,
        hour_start = new.hour_start, hour_secs = new.hour_secs, hour_sums = new.hour_sums,
        hour_next = new.hour_next, near_hour = new.near_hour
    FROM unnest(v_decided.updated) new
    WHERE head.lane = p_lane AND head.subject = new.subject;
  END IF;
  IF v_decided.added IS NOT NULL THEN
    INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start, near_hour)
    SELECT p_lane, a.subject, a.minute, a.total, a.secs, a.sums, a.prev_start, a.hour_start, a.near_hour FROM unnest(v_decided.added) a;
  END IF;

  item         := coalesce(v_decided.item, '{}');
  granted      := coalesce(v_decided.granted, '{}');
  minute_used  := coalesce(v_decided.minute_used, '{}');
  hour_used    := coalesce(v_decided.hour_used, '{}');
  minute_reset := coalesce(v_decided.minute_reset, '{}');
  hour_reset   := coalesce(v_decided.hour_reset, '{}');
  retry_at     := coalesce(v_decided.retry_at, '{}');
  second       := coalesce(v_decided.second, '{}');
END $$;

COMMENT ON FUNCTION rollgate.acquire_lane IS
  'Decides one batch of one lane, with statements that each name the lane, as Citus needs it';
