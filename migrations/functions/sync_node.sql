-- What a node has to know, since the version it knows. Called about once a second by each.
CREATE OR REPLACE FUNCTION rollgate.sync_node(p_node text, p_name text, p_version bigint, p_mode text, p_mode_since timestamptz)
RETURNS TABLE (now_ms float8, version bigint, whole boolean, overrides jsonb, apis jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_since bigint := p_version;
BEGIN
  SELECT l.policy_version INTO version FROM rollgate.ledger l;
  -- A version from the future: the database was put back to an older state.
  IF p_version > version THEN
    v_since := 0;
  END IF;
  whole := v_since = 0;
  INSERT INTO rollgate.node AS n VALUES (p_node, p_name, v_now, v_now, p_version, p_mode, coalesce(p_mode_since, v_now))
  ON CONFLICT (id) DO UPDATE SET seen_at = v_now, policy_version = p_version, mode = p_mode, mode_since = coalesce(p_mode_since, n.mode_since)
  WHERE n.policy_version <> p_version OR n.mode <> p_mode OR n.seen_at < v_now - interval '2 seconds';
  DELETE FROM rollgate.node n WHERE n.seen_at < v_now - interval '1 minute';
  IF v_since <> version THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'account', o.account, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
        'perMinute', o.per_minute, 'perHour', o.per_hour, 'factor', o.factor, 'mode', o.mode, 'startsAtMs', extract(epoch FROM o.starts_at) * 1000,
        'expiresAtMs', extract(epoch FROM o.expires_at) * 1000, 'order', o.created_in)), '[]')
    INTO overrides
    FROM rollgate.override o
    WHERE o.changed_in > v_since AND (NOT whole OR o.expires_at IS NULL OR o.expires_at > v_now) AND NOT rollgate.is_internal(o.account);
    SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow)), '[]')
    INTO apis
    FROM rollgate.catalogue c
    WHERE c.changed_in > v_since AND (NOT whole OR c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL OR c.shadow);
  END IF;
  now_ms := extract(epoch FROM clock_timestamp()) * 1000;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sync_node IS 'A node tells that it is there and gets the policy''s changes since p_version (0: all that still holds)';
