-- Records that a caller viewed an account, listed rows of an account, or began an export. Views and lists of one account by one caller
-- from one address are one row for each five minutes, because screens refresh every few seconds. Each export is a row of its own.
-- Returns the ID of the row.
CREATE OR REPLACE FUNCTION rollgate.note_access(
  p_by      rollgate.author,
  p_action  text,
  p_account text,
  p_route   text,
  p_filters jsonb
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_id  bigint;
BEGIN
  IF p_action <> 'export' THEN
    -- Two requests of one screen must not both add the first row.
    PERFORM pg_advisory_xact_lock(7612, hashtext(concat_ws(' ', p_by.actor, p_account)));
    UPDATE rollgate.access_log l
    SET times = l.times + 1, last_at = greatest(v_now, l.last_at),
        routes = CASE WHEN p_route = ANY (l.routes) THEN l.routes ELSE l.routes || p_route END
    WHERE l.id = (
      SELECT a.id FROM rollgate.access_log a
      WHERE a.actor = p_by.actor AND a.first_at > v_now - interval '5 minutes' AND a.action = p_action
        AND a.account IS NOT DISTINCT FROM p_account AND a.address IS NOT DISTINCT FROM p_by.address
        AND (p_action = 'view_account' OR a.filters = p_filters)
      ORDER BY a.id DESC LIMIT 1)
    RETURNING l.id INTO v_id;
    IF FOUND THEN
      -- The row is on record. A crash may lose the last few times it was counted.
      PERFORM set_config('synchronous_commit', 'off', true);
      RETURN v_id;
    END IF;
  END IF;
  INSERT INTO rollgate.access_log (first_at, last_at, times, actor, role, address, request_id, action, account, routes, filters)
  VALUES (v_now, v_now, 1, p_by.actor, p_by.role, p_by.address, p_by.request_id, p_action, p_account, ARRAY[p_route], p_filters)
  RETURNING id INTO v_id;
  RETURN v_id;
END $$;

COMMENT ON FUNCTION rollgate.note_access IS
  'Records that a caller viewed an account, listed rows of an account, or began an export; returns the ID of the row';
