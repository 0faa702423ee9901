-- Empties both windows. What was used stays on record (of a minute up to 147,483,647 units of it), and the subject's clock stays where it is.
CREATE OR REPLACE FUNCTION rollgate.reset(p_lane int, p_subject text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The sums of a minute are int. This much may stay, so that two limits of 1,000,000,000 units fit in after the reset.
  c_kept_units constant int := 147483647;
BEGIN
  PERFORM rollgate.enter_lanes(p_lane);
  UPDATE rollgate.counter
  SET cleared = total, hour_next = NULL,
      -- The oldest units above that leave the record of this minute. All of them are forgiven, and `total` still counts them.
      sums = CASE
        WHEN sums[cardinality(sums)] <= c_kept_units THEN sums
        ELSE ARRAY(
          SELECT greatest(0, s.sum - (sums[cardinality(sums)] - c_kept_units))
          FROM unnest(sums) WITH ORDINALITY AS s (sum, ord) ORDER BY s.ord) END
  WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject) VALUES (p_subject);
END $$;

COMMENT ON FUNCTION rollgate.reset IS 'Empties both windows of a subject';
