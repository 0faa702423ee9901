-- Returns how many one-second buckets a window counts: the current second, the whole seconds before it, and the oldest second, of which
-- the window may cover only a part. A unit granted in second s therefore leaves the minute window in second s + 61, and a window at
-- second s counts the seconds after s - 61. With 60 buckets, 60 real seconds could contain twice the limit. Inlined.
CREATE OR REPLACE FUNCTION rollgate.window_buckets(p_window text) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window WHEN 'hour' THEN 3601 ELSE 61 END
$$;

COMMENT ON FUNCTION rollgate.window_buckets IS 'Number of one-second buckets in a window, minute or hour; inlined';
