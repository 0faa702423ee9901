-- Requires the lane's lock (rollgate.enter_lanes). Past usage stays on record (up to 147,483,647 units of the current minute), and the
-- subject's clock is kept.
CREATE OR REPLACE FUNCTION rollgate.empty_windows(
  p_lane       int,
  p_subject    text,
  p_history_id bigint,  -- of a reset by staff
  p_actor      text
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- The sums of a minute are int. Keep this much at most, so that two limits of 1,000,000,000 units fit after the reset.
  c_kept_units constant int := 147483647;
BEGIN
  UPDATE rollgate.counter
  SET cleared = total, hour_next = NULL,
      -- Remove the oldest units above that from the record of this minute. They are all forgiven, and `total` still counts them.
      sums = CASE
        WHEN sums[cardinality(sums)] <= c_kept_units THEN sums
        ELSE ARRAY(
          SELECT greatest(0, s.sum - (sums[cardinality(sums)] - c_kept_units))
          FROM unnest(sums) WITH ORDINALITY AS s (sum, ord) ORDER BY s.ord) END
  WHERE lane = p_lane AND subject = p_subject;
  INSERT INTO rollgate.freed (subject, history_id, actor) VALUES (p_subject, p_history_id, p_actor);
END $$;

COMMENT ON FUNCTION rollgate.empty_windows IS 'Empties both windows of a subject; the caller must hold the lane''s lock';
