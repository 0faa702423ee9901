-- Removes a page of the oldest rows of the access log. No program can remove rows that are younger than 30 days, whatever it passes.
CREATE OR REPLACE FUNCTION rollgate.prune_access(p_keep_days int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_before  timestamptz;
  v_removed int;
  v_more    int;
BEGIN
  IF p_keep_days < 30 THEN
    RAISE EXCEPTION 'rollgate.prune_access: p_keep_days must be at least 30' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_before := clock_timestamp() - p_keep_days * interval '1 day';
  DELETE FROM rollgate.sign_in_log WHERE id = ANY (ARRAY(
    SELECT s.id FROM rollgate.sign_in_log s WHERE s.first_at < v_before ORDER BY s.first_at LIMIT 1000));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  DELETE FROM rollgate.access_log WHERE id = ANY (ARRAY(
    SELECT a.id FROM rollgate.access_log a WHERE a.first_at < v_before ORDER BY a.first_at LIMIT 1000));
  GET DIAGNOSTICS v_more = ROW_COUNT;
  RETURN v_removed + v_more;
END $$;

COMMENT ON FUNCTION rollgate.prune_access IS
  'Removes up to 2,000 rows of the access log that are older than a number of days, at least 30; returns how many';
