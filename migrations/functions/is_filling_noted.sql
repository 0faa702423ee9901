-- In plpgsql, which keeps its plan.
CREATE OR REPLACE FUNCTION rollgate.is_filling_noted(p_subject text, p_window text, p_minute timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM rollgate.limit_event_row o JOIN rollgate.event_class k ON k.id = o.class
    WHERE rollgate.value_hash(o.subject, -1) = rollgate.value_hash(p_subject, -1) AND o.first_at >= p_minute
      AND o.first_at < p_minute + interval '1 minute' AND o.subject = p_subject COLLATE "C" AND o.filled IS NOT NULL
      AND k.window_name = p_window);
END $$;

COMMENT ON FUNCTION rollgate.is_filling_noted IS 'Whether an event of this subject, window and minute records what filled the window';
