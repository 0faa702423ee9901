CREATE OR REPLACE FUNCTION rollgate.minutes_of_subjects(
  p_lanes    int[],
  p_subjects text[],  -- one for each lane
  p_from     int,     -- Unix minutes, both included
  p_to       int
) RETURNS TABLE (subject text, minute int, secs smallint[], sums int[], start bigint, cleared bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.subject, m.minute, m.secs, m.sums, m.start, coalesce(c.cleared, 0)
  FROM unnest(p_lanes, p_subjects) AS s (lane, subject)
  JOIN rollgate.minutes_on_record m ON m.lane = s.lane AND m.subject = s.subject AND m.minute BETWEEN p_from AND p_to
  LEFT JOIN rollgate.counter c ON c.lane = s.lane AND c.subject = s.subject
  ORDER BY m.subject, m.minute
$$;

COMMENT ON FUNCTION rollgate.minutes_of_subjects IS
  'Minutes on record of these subjects, as in rollgate.minutes_on_record, with the number of the newest unit that a reset forgave';
