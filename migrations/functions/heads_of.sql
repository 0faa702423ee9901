-- The heads of one account, from the index. A function of its own, because the planner estimates a range of unknown keys as a two-hundredth
-- of the table, and then reads all of it.
CREATE OR REPLACE FUNCTION rollgate.heads_of(p_key text) RETURNS SETOF rollgate.counter
LANGUAGE sql STABLE ROWS 100 SET enable_seqscan = off AS $$
  SELECT h.* FROM rollgate.counter h
  -- '0' follows '/' in the order of keys.
  WHERE h.lane = ANY (rollgate.lanes_of(NULL)) AND h.subject >= p_key || '/' COLLATE "C" AND h.subject < p_key || '0' COLLATE "C"
$$;

COMMENT ON FUNCTION rollgate.heads_of IS 'The heads of the subjects of one account, by its encoded name';
