CREATE OR REPLACE FUNCTION rollgate.filled_pairs(p_filled int[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_filled IS NOT NULL THEN (
    SELECT jsonb_agg(jsonb_build_array(p_filled[i], p_filled[i + 1]) ORDER BY i) FROM generate_series(1, cardinality(p_filled), 2) i) END
$$;

COMMENT ON FUNCTION rollgate.filled_pairs IS 'What filled a window, as stored: second and units, alternating; as [[second, units], …]';
