-- Takes back units that were granted in one second. Later units are renumbered, wherever their numbers are kept. Returns how many units it
-- took back: fewer than p_units if fewer were found, or if a reset has forgiven some.
CREATE OR REPLACE FUNCTION rollgate.refund(
  p_lane    int,
  p_subject text,
  p_second  int,  -- Unix second in which the units were granted
  p_units   int,  -- at most so many
  p_actor   text DEFAULT NULL  -- the application's name
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_minute int := p_second / 60;
  v_head   rollgate.counter;
  v_start  bigint;      -- of the minute of p_second, as in rollgate.bucket
  v_secs   smallint[];
  v_sums   int[];
  v_place  int;         -- place of p_second in v_secs
  v_taken  int;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  SELECT * INTO v_head FROM rollgate.counter WHERE lane = p_lane AND subject = p_subject;
  IF NOT found OR v_minute < v_head.minute - 60 THEN
    RETURN 0; -- no unit left that counts
  END IF;
  IF v_minute = v_head.minute THEN
    v_secs := v_head.secs;
    v_sums := v_head.sums;
    v_start := v_head.total - v_sums[cardinality(v_sums)];
  ELSE
    SELECT secs, sums, start INTO v_secs, v_sums, v_start FROM rollgate.bucket
    WHERE lane = p_lane AND subject = p_subject AND minute = v_minute;
  END IF;
  v_place := array_position(v_secs, (p_second % 60)::smallint);
  IF v_place IS NULL THEN
    RETURN 0;
  END IF;
  v_taken := greatest(0, least(p_units, v_sums[v_place] - coalesce(v_sums[v_place - 1], 0), v_start + v_sums[v_place] - v_head.cleared));
  IF v_taken = 0 THEN
    RETURN 0; -- already refunded, or forgiven by a reset
  END IF;
  v_sums := ARRAY(SELECT sum - CASE WHEN ord >= v_place THEN v_taken ELSE 0 END
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
        SELECT b.minute * 60 + rollgate.oldest_second(v_head.cleared, b.start, b.secs, b.sums) FROM rollgate.bucket b
        WHERE b.lane = p_lane AND b.subject = p_subject AND b.minute > v_head.minute - 60
          AND b.sums[cardinality(b.sums)] > greatest(v_head.cleared - b.start, 0)
        ORDER BY b.minute LIMIT 1)
  WHERE lane = p_lane AND subject = p_subject;
  -- The roll-up may have read this minute already. If it has not, it removes the row when it does.
  INSERT INTO rollgate.usage_refund (minute, units, lane, subject)
  SELECT v_minute, v_taken, p_lane, p_subject FROM rollgate.roll_up r WHERE r.sealed_to > to_timestamp(v_minute * 60::float8);
  INSERT INTO rollgate.freed (subject, actor) VALUES (p_subject, p_actor);
  RETURN v_taken;
END $$;

COMMENT ON FUNCTION rollgate.refund IS 'Takes back units granted in one second; returns how many it found there';
