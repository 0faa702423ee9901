-- Returns what an instance needs to know since the version it has. Each instance calls it about once a second. Without p_instance
-- nothing is written: the caller only reads.
CREATE OR REPLACE FUNCTION rollgate.sync_instance(
  p_instance   text,
  p_name       text,
  p_version    bigint,             -- the version of overrides and catalogue that the instance has; 0: none
  p_mode       text,
  p_mode_since timestamptz,        -- NULL: since its first report
  p_life       text DEFAULT NULL,  -- from the last answer; NULL: no earlier answer
  p_counted    int  DEFAULT NULL,  -- number of instances the caller divides by; NULL: it has no share
  p_reason     text DEFAULT NULL   -- why the mode is not normal
) RETURNS TABLE (
  now_ms              float8,
  version             bigint,
  whole               boolean,  -- the following are all in force, not only those that changed since p_version
  overrides           jsonb,    -- NULL: nothing changed
  apis                jsonb,
  plans               jsonb,
  assignments         jsonb,
  quarantine_since_ms float8,
  quarantine_left_ms  float8,
  quarantine_reason   text,
  life                text,     -- rollgate.server_life
  instances           int       -- rollgate.count_instances
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_since bigint := p_version;
BEGIN
  IF p_instance IS NOT NULL THEN
    PERFORM rollgate.note_server(p_instance);
    PERFORM rollgate.note_second(v_now);
  END IF;
  life := rollgate.server_life();
  SELECT l.policy_version INTO version FROM rollgate.ledger l;
  -- After a restart or a change of server, versions may have gone back and risen again: the same number may mean another state. Send
  -- everything in that case.
  IF p_version > version OR life <> p_life THEN
    v_since := 0;
  END IF;
  whole := v_since = 0;
  IF p_instance IS NOT NULL THEN
    INSERT INTO rollgate.instance AS i (id, name, started_at, seen_at, policy_version, mode, mode_since, counted, mode_reason)
    VALUES (p_instance, p_name, v_now, v_now, p_version, p_mode, coalesce(p_mode_since, v_now), p_counted, p_reason)
    ON CONFLICT (id) DO UPDATE SET seen_at = v_now, policy_version = p_version, mode = p_mode,
      mode_since = coalesce(p_mode_since, i.mode_since), mode_reason = p_reason
    WHERE i.policy_version <> p_version OR i.mode <> p_mode OR i.mode_reason IS DISTINCT FROM p_reason
      OR i.seen_at NOT BETWEEN v_now - interval '2 seconds' AND v_now;
    DELETE FROM rollgate.instance i WHERE i.seen_at NOT BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute';
    instances := rollgate.count_instances(p_instance, p_counted);
  END IF;
  IF v_since <> version OR whole THEN
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'account', o.account, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
        'perMinute', o.per_minute, 'perHour', o.per_hour, 'factor', o.factor, 'extraMinute', o.extra_minute, 'extraHour', o.extra_hour,
        'mode', o.mode, 'startsAtMs', extract(epoch FROM o.starts_at) * 1000,
        'expiresAtMs', extract(epoch FROM o.expires_at) * 1000, 'order', o.created_in)), '[]')
    INTO overrides
    FROM rollgate.override o
    WHERE o.changed_in > v_since AND (NOT whole OR rollgate.unexpired(o.expires_at, v_now)) AND NOT rollgate.is_internal(o.account);
    SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'title', c.title, 'group', c.group_id, 'groupTitle', c.group_title,
        'level', c.level, 'scope', c.scope, 'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
        'message', c.message, 'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow,
        'retired', c.retired_at IS NOT NULL) ORDER BY c.ord), '[]')
    INTO apis
    FROM rollgate.catalogue c
    WHERE c.changed_in > v_since;
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'limits', rollgate.plan_facts(p) -> 'limits')), '[]') INTO plans
    FROM rollgate.plan p
    WHERE p.changed_in > v_since;
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'account', a.account, 'plan', a.plan,
        'startsAtMs', extract(epoch FROM a.starts_at) * 1000, 'endsAtMs', extract(epoch FROM a.ends_at) * 1000)), '[]')
    INTO assignments
    FROM rollgate.plan_assignment a
    WHERE a.changed_in > v_since AND (NOT whole OR rollgate.unexpired(a.ends_at, v_now));
  END IF;
  SELECT s.now_ms, s.quarantine_since_ms, s.quarantine_left_ms, s.quarantine_reason
  INTO now_ms, quarantine_since_ms, quarantine_left_ms, quarantine_reason
  FROM rollgate.server_state() s;
  RETURN NEXT;
END $$;

COMMENT ON FUNCTION rollgate.sync_instance IS
  'An instance reports that it runs (p_instance NULL: the caller only reads), and gets what changed since p_version (0: all in force): '
  'overrides, plans, assignments and whole definitions of APIs; also the quarantine, and the number of instances';
