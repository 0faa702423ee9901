-- One small step of the janitor in one lane. It checks up to p_limit heads after p_after and removes the idle ones, then as many
-- finished minutes after (p_bucket_subject, p_bucket_minute) and removes those past their retention.
-- It never waits: if the lane is in use it returns `busy`, and the janitor retries. It returns the position to continue from; NULL:
-- that table is done. Minutes of the APIs in rollgate.retention are kept longer, and so are minutes that the roll-up has not added up yet:
-- as long as it runs, and for a day after it was last running. `unrolled` counts those that are removed without having been added up.
CREATE OR REPLACE FUNCTION rollgate.sweep(
  p_lane           int,
  p_head_after     text,                     -- continue after this head; NULL: no heads
  p_bucket_subject text,                     -- continue after this finished minute; NULL: no finished minutes
  p_bucket_minute  int,
  p_limit          int,
  p_keep_seconds   int,                      -- how long finished minutes are kept
  p_now            timestamptz DEFAULT NULL  -- NULL: now
) RETURNS TABLE (busy boolean, heads int, buckets int, head_after text, bucket_subject text, bucket_minute int, unrolled int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_second   int;
  v_rolled   int; -- the first minute that is not added up; NULL: there is no roll-up
  v_kept     int; -- the first minute that is kept for the roll-up
  v_unrolled int;
  v_swept    bigint;
  v_apis     text[];  -- APIs whose minutes are kept longer …
  v_seconds  int[];   -- … and how long
BEGIN
  IF p_keep_seconds < rollgate.least_keep_seconds() THEN
    RAISE EXCEPTION 'rollgate keeps finished minutes for at least % seconds, not %', rollgate.least_keep_seconds(), p_keep_seconds
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT rollgate.try_lane(p_lane) THEN
    RETURN QUERY SELECT true, 0, 0, p_head_after, p_bucket_subject, p_bucket_minute, 0;
    RETURN;
  END IF;
  SELECT l.swept_to INTO v_swept FROM rollgate.lane l WHERE l.lane = p_lane;
  v_second := greatest(floor(extract(epoch FROM coalesce(p_now, clock_timestamp()))), v_swept);
  -- Read apart, because on Citus the statements below run on the server that has the lane.
  SELECT array_agg(r.api), array_agg(r.keep_seconds) INTO v_apis, v_seconds FROM rollgate.retention r;
  SELECT rollgate.hour_number(r.rolled_to) * 60,
         CASE WHEN r.stepped_at >= to_timestamp(v_second) - interval '1 hour' THEN rollgate.hour_number(r.rolled_to) * 60
              ELSE greatest(rollgate.hour_number(r.rolled_to) * 60, v_second / 60 - 1440) END
  INTO v_rolled, v_kept FROM rollgate.roll_up r;
  v_kept := coalesce(v_kept, v_second / 60);
  busy := false;
  head_after := NULL;
  bucket_subject := NULL;
  bucket_minute := NULL;
  heads := 0;
  buckets := 0;
  unrolled := 0;
  IF p_head_after IS NOT NULL THEN
    WITH page AS (
      SELECT c.subject, c.minute FROM rollgate.counter c
      WHERE c.lane = p_lane AND c.subject > p_head_after ORDER BY c.subject LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.counter c USING page
      WHERE c.lane = p_lane AND c.subject = page.subject AND page.minute < least((v_second - rollgate.least_keep_seconds()) / 60, v_kept)
      RETURNING page.minute
    )
    SELECT g.rows, g.unrolled, CASE WHEN p.rows = p_limit THEN p.last END INTO heads, unrolled, head_after
    FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE gone.minute >= v_rolled) AS unrolled FROM gone) g,
         (SELECT count(*) AS rows, max(page.subject) AS last FROM page) p;
  END IF;
  IF p_bucket_subject IS NOT NULL THEN
    WITH page AS (
      SELECT b.subject, b.minute FROM rollgate.bucket b
      WHERE b.lane = p_lane AND (b.subject, b.minute) > (p_bucket_subject, p_bucket_minute)
      ORDER BY b.subject, b.minute LIMIT p_limit
    ), gone AS (
      DELETE FROM rollgate.bucket b USING page
      WHERE b.lane = p_lane AND b.subject = page.subject AND b.minute = page.minute
        -- The windows of an hour that is not added up begin in the hour before.
        AND page.minute < least((v_second - p_keep_seconds) / 60, v_kept - 60)
        AND NOT EXISTS (
          SELECT FROM unnest(v_apis, v_seconds) AS r (api, keep_seconds)
          WHERE r.api = split_part(page.subject, '/', 2) AND page.minute >= (v_second - r.keep_seconds) / 60)
      RETURNING page.minute
    ), last AS (
      SELECT page.subject, page.minute FROM page ORDER BY page.subject DESC, page.minute DESC LIMIT 1
    )
    SELECT g.rows, g.unrolled, last.subject, last.minute INTO buckets, v_unrolled, bucket_subject, bucket_minute
    FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE gone.minute >= v_rolled) AS unrolled FROM gone) g
    CROSS JOIN (SELECT count(*) AS looked_at FROM page) p LEFT JOIN last ON p.looked_at = p_limit;
    unrolled := unrolled + v_unrolled;
  END IF;
  IF heads > 0 OR buckets > 0 THEN
    INSERT INTO rollgate.lane AS l VALUES (p_lane, v_second)
    ON CONFLICT (lane) DO UPDATE SET swept_to = greatest(l.swept_to, excluded.swept_to);
  END IF;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sweep IS
  'One small step of the janitor in one lane: removes idle heads and old finished minutes, without waiting for the lane''s lock';
