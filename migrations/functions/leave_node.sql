CREATE OR REPLACE FUNCTION rollgate.leave_node(p_node text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.node WHERE id = p_node
$$;

COMMENT ON FUNCTION rollgate.leave_node IS 'An instance reports that it stops';
