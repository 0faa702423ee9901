CREATE OR REPLACE FUNCTION rollgate.leave_instance(p_instance text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.instance WHERE id = p_instance
$$;

COMMENT ON FUNCTION rollgate.leave_instance IS 'An instance reports that it stops';
