CREATE OR REPLACE FUNCTION rollgate.changed_since(p_done rollgate.history, p_last_id bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT max(h.id) FROM rollgate.history h WHERE h.kind = p_done.kind AND h.target = p_done.target AND h.id > p_last_id
$$;

COMMENT ON FUNCTION rollgate.changed_since IS 'Newest change after p_last_id of the item that p_done changed; NULL: none';
