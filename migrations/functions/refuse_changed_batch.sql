CREATE OR REPLACE FUNCTION rollgate.refuse_changed_batch(p_batch text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c_listed constant int := 10;
  v_items   text[];
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.history h WHERE h.batch = p_batch) THEN
    RAISE EXCEPTION 'There is no batch "%".', p_batch USING ERRCODE = 'RG404';
  END IF;
  v_items := ARRAY(
    SELECT concat(i.target, ' of ' || i.account)
    FROM (SELECT h.kind, h.target, h.account, max(h.id) AS id FROM rollgate.history h WHERE h.batch = p_batch GROUP BY 1, 2, 3) i
    WHERE EXISTS (SELECT FROM rollgate.history n WHERE n.kind = i.kind AND n.target = i.target AND n.id > i.id)
    ORDER BY i.id);
  IF v_items <> '{}' THEN
    RAISE EXCEPTION 'Changed since: %. Undo those changes first.', array_to_string(v_items[:c_listed], ', ') || CASE
        WHEN cardinality(v_items) > c_listed THEN format(' and %s more', cardinality(v_items) - c_listed) ELSE '' END
      USING ERRCODE = 'RG409', DETAIL = jsonb_build_object('changed', v_items)::text;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_changed_batch IS
  'Refuses (RG404, RG409) to undo a batch that does not exist, or of which an item was changed since';
