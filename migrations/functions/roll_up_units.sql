-- Adds up the units of a sealed hour, for one page of the subjects of a lane that follow p_after. Returns the last subject of the page;
-- NULL: the lane is done. A page ends after about p_limit rows of either table, always with a whole subject.
--
-- A finished minute is in rollgate.bucket, or still in the head row of an idle subject. Both are read in one statement, because a head
-- may be archived between two. The minutes of the hour before are read as well: the windows of this hour begin in them.
-- The account and the API of p_after may continue on this page. Their row is added to; all others are replaced, so that a page that is
-- done again counts once.
CREATE OR REPLACE FUNCTION rollgate.roll_up_units(
  p_hour  timestamptz,
  p_lane  int,
  p_after text,
  p_limit int
) RETURNS text
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_minute    int := rollgate.hour_number(p_hour) * 60;
  v_first     int := v_minute * 60;
  v_to        text COLLATE "C";
  v_continued int;
BEGIN
  SELECT min(s.subject) INTO v_to FROM (
    (SELECT b.subject FROM rollgate.bucket b
     WHERE b.lane = p_lane AND b.subject > p_after AND b.minute BETWEEN v_minute - 60 AND v_minute + 59
     ORDER BY b.subject, b.minute OFFSET p_limit LIMIT 1)
    UNION ALL
    (SELECT c.subject FROM rollgate.counter c
     WHERE c.lane = p_lane AND c.subject > p_after AND c.minute BETWEEN v_minute - 60 AND v_minute + 59
     ORDER BY c.subject OFFSET p_limit LIMIT 1)
  ) s;
  IF v_to IS NULL THEN
    SELECT max(s.subject) INTO v_to FROM (
      (SELECT b.subject FROM rollgate.bucket b WHERE b.lane = p_lane AND b.subject > p_after ORDER BY b.subject DESC LIMIT 1)
      UNION ALL
      (SELECT c.subject FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject > p_after ORDER BY c.subject DESC LIMIT 1)
    ) s;
    IF v_to IS NULL THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT s.id INTO v_continued FROM rollgate.usage_series s
  WHERE s.account = rollgate.decode_part(split_part(p_after, '/', 1)) AND s.api = split_part(p_after, '/', 2);

  WITH seconds AS (
    SELECT m.subject, m.minute * 60 + x.sec AS second, x.sum - coalesce(m.sums[x.place - 1], 0) AS units
    FROM rollgate.minutes_on_record m CROSS JOIN LATERAL unnest(m.secs, m.sums) WITH ORDINALITY AS x (sec, sum, place)
    WHERE m.lane = p_lane AND m.subject > p_after AND m.subject <= v_to AND m.minute BETWEEN v_minute - 60 AND v_minute + 59
  ),
  windows AS (
    SELECT s.subject, s.second, s.units,
           sum(s.units) OVER (PARTITION BY s.subject ORDER BY s.second
             RANGE BETWEEN rollgate.window_buckets('minute') - 1 PRECEDING AND CURRENT ROW) AS in_minute,
           sum(s.units) OVER (PARTITION BY s.subject ORDER BY s.second
             RANGE BETWEEN rollgate.window_buckets('hour') - 1 PRECEDING AND CURRENT ROW) AS in_hour
    FROM seconds s
  ),
  rolled AS MATERIALIZED (
    SELECT rollgate.decode_part(split_part(w.subject, '/', 1)) AS account, split_part(w.subject, '/', 2) AS api, sum(w.units) AS units,
           least(max(w.in_minute), 2147483647)::int AS in_minute, least(max(w.in_hour), 2147483647)::int AS in_hour
    FROM windows w
    WHERE w.second >= v_first AND w.units > 0
    GROUP BY 1, 2
  ),
  known AS (
    SELECT r.*, s.id FROM rolled r LEFT JOIN rollgate.usage_series s ON s.account = r.account AND s.api = r.api
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api, prefix)
    SELECT k.account, k.api, rollgate.encode_part(k.account) || '/' FROM known k WHERE k.id IS NULL RETURNING id, account, api
  ),
  -- In the snapshot that has read the minutes: refunds that it has not seen are left for later.
  followed AS (
    DELETE FROM rollgate.usage_refund f
    WHERE f.lane = p_lane AND f.subject > p_after AND f.subject <= v_to AND f.minute BETWEEN v_minute AND v_minute + 59
  )
  INSERT INTO rollgate.usage_hour AS u (series, hour, admitted, peak_minute, peak_hour)
  SELECT coalesce(k.id, a.id), p_hour, k.units, k.in_minute, k.in_hour
  FROM known k LEFT JOIN added a ON a.account = k.account AND a.api = k.api
  ON CONFLICT (series, hour) DO UPDATE
  SET admitted    = excluded.admitted + CASE WHEN u.series = v_continued THEN u.admitted ELSE 0 END,
      peak_minute = greatest(excluded.peak_minute, CASE WHEN u.series = v_continued THEN u.peak_minute END),
      peak_hour   = greatest(excluded.peak_hour, CASE WHEN u.series = v_continued THEN u.peak_hour END);
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_units IS
  'Adds up one page of a lane''s units in a sealed hour; returns where the page ends; NULL: the lane is done';
