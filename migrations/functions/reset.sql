-- Empties both windows. Past usage stays on record (up to 147,483,647 units of the current minute), and the subject's clock is kept.
CREATE OR REPLACE FUNCTION rollgate.reset(p_lane int, p_subject text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The sums of a minute are int. Keep this much at most, so that two limits of 1,000,000,000 units fit after the reset.
  c_kept_units constant int := 147483647;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  UPDATE rollgate.counter
  SET cleared = total, hour_next = NULL,
      -- Remove the oldest units above that from the record of this minute. They are all forgiven, and `total` still counts them.
      sums = CASE
        WHEN sums[cardinality(sums)] <= c_kept_units THEN sums
        ELSE ARRAY(
          SELECT greatest(0, s.sum - (sums[cardinality(sums)] - c_kept_units))
          FROM unnest(sums) WITH ORDINALITY AS s (sum, ord) ORDER BY s.ord) END
  WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject) VALUES (p_subject);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';
