-- Completes the row of an export, once: what is on record does not change afterwards.
CREATE OR REPLACE FUNCTION rollgate.note_export_end(p_id bigint, p_rows bigint, p_complete boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE rollgate.access_log
  SET row_count = p_rows, result = CASE WHEN p_complete THEN 'complete' ELSE 'cut' END, last_at = greatest(clock_timestamp(), last_at)
  WHERE id = p_id AND action = 'export' AND result IS NULL
$$;

COMMENT ON FUNCTION rollgate.note_export_end IS 'Records how many rows an export sent, and whether the client received all of it';
