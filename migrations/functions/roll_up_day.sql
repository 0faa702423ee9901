-- Adds up a day from its hours, for the p_limit series after p_after. Returns the last one; NULL: the day is done.
CREATE OR REPLACE FUNCTION rollgate.roll_up_day(
  p_day   date,
  p_after int,
  p_limit int
) RETURNS int
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  v_start timestamptz := p_day::timestamp AT TIME ZONE 'UTC';
  v_end   timestamptz := (p_day + 1)::timestamp AT TIME ZONE 'UTC';
  v_to    int := (SELECT max(p.id) FROM (SELECT s.id FROM rollgate.usage_series s WHERE s.id > p_after ORDER BY s.id LIMIT p_limit) p);
BEGIN
  INSERT INTO rollgate.usage_day AS d (series, day, admitted, denied, shadow, outage, peak_minute, peak_hour, minutes_denied)
  SELECT s.id, p_day, sum(h.admitted), sum(h.denied), sum(h.shadow), sum(h.outage), max(h.peak_minute), max(h.peak_hour),
         sum(h.minutes_denied)
  FROM rollgate.usage_series s JOIN rollgate.usage_hour h ON h.series = s.id AND h.hour >= v_start AND h.hour < v_end
  WHERE s.id > p_after AND s.id <= v_to
  GROUP BY s.id
  ON CONFLICT (series, day) DO UPDATE
  SET admitted = excluded.admitted, denied = excluded.denied, shadow = excluded.shadow, outage = excluded.outage,
      peak_minute = excluded.peak_minute, peak_hour = excluded.peak_hour, minutes_denied = excluded.minutes_denied;
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_day IS
  'Adds up one page of a day''s usage from its hours; returns where the page ends; NULL: the day is done';
