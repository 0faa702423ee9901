-- What reads the counters on Citus. Citus refuses most statements that join the distributed tables with the tables of the coordinator or
-- with functions, so the functions that report usage read through these (migrations/citus-readers.ts). Each runs one simple statement
-- on the shards that it concerns. p_to is not included; NULL: no bound.
CREATE OR REPLACE FUNCTION rollgate.read_heads(p_lanes int[] DEFAULT NULL, p_from text DEFAULT '', p_to text DEFAULT NULL)
RETURNS SETOF rollgate.counter
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  IF p_lanes IS NULL THEN
    RETURN QUERY SELECT c.* FROM rollgate.counter c WHERE c.subject >= p_from AND (p_to IS NULL OR c.subject < p_to);
  ELSE
    RETURN QUERY SELECT c.* FROM rollgate.counter c
    WHERE c.lane = ANY (p_lanes) AND c.subject >= p_from AND (p_to IS NULL OR c.subject < p_to);
  END IF;
END $$;

-- The heads that are marked as near a limit.
CREATE OR REPLACE FUNCTION rollgate.read_near(p_from_hour int) RETURNS SETOF rollgate.counter
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT c.* FROM rollgate.counter c WHERE c.near_hour >= p_from_hour;
END $$;

-- The first head of a lane from a key on.
CREATE OR REPLACE FUNCTION rollgate.read_next(p_lane int, p_from text) RETURNS SETOF rollgate.counter
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT c.* FROM rollgate.counter c WHERE c.lane = p_lane AND c.subject >= p_from ORDER BY c.subject LIMIT 1;
END $$;

-- The heads that may have a value, by its hash.
CREATE OR REPLACE FUNCTION rollgate.read_valued(p_hash int) RETURNS SETOF rollgate.counter
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT c.* FROM rollgate.counter c WHERE rollgate.value_hashes(c.subject) @> ARRAY[p_hash];
END $$;

CREATE OR REPLACE FUNCTION rollgate.read_buckets(p_lanes int[], p_from text, p_to text, p_minute int) RETURNS SETOF rollgate.bucket
LANGUAGE plpgsql STABLE ROWS 60 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT b.* FROM rollgate.bucket b
  WHERE b.lane = ANY (p_lanes) AND b.subject >= p_from AND b.subject < p_to AND b.minute >= p_minute;
END $$;

CREATE OR REPLACE FUNCTION rollgate.read_minutes(
  p_lanes int[] DEFAULT NULL, p_from text DEFAULT '', p_to text DEFAULT NULL,
  p_minute int DEFAULT 0, p_to_minute int DEFAULT 2147483647  -- both included
) RETURNS SETOF rollgate.minutes_on_record
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  IF p_lanes IS NULL THEN
    RETURN QUERY SELECT m.* FROM rollgate.minutes_on_record m
    WHERE m.subject >= p_from AND (p_to IS NULL OR m.subject < p_to) AND m.minute BETWEEN p_minute AND p_to_minute;
  ELSE
    RETURN QUERY SELECT m.* FROM rollgate.minutes_on_record m
    WHERE m.lane = ANY (p_lanes) AND m.subject >= p_from AND (p_to IS NULL OR m.subject < p_to)
      AND m.minute BETWEEN p_minute AND p_to_minute;
  END IF;
END $$;

-- The oldest minute of each scope, as the minute of a subject without account.
CREATE OR REPLACE FUNCTION rollgate.read_oldest() RETURNS TABLE (subject text, minute int)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT '/' || split_part(m.subject, '/', 2), min(m.minute) FROM rollgate.minutes_on_record m GROUP BY 1;
END $$;

CREATE OR REPLACE FUNCTION rollgate.read_lanes() RETURNS SETOF rollgate.lane
LANGUAGE plpgsql STABLE ROWS 64 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT l.* FROM rollgate.lane l;
END $$;
