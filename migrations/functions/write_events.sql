-- Writes events of instances. Each is an object with the columns of rollgate.limit_event (without dimensions and filled), with times as
-- Unix ms: first_ms, last_ms, retry_ms. An event that is already stored (same first_at and id) is left unchanged, so a batch may be sent
-- again. Returns how many are new.
CREATE OR REPLACE FUNCTION rollgate.write_events(p_events jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_day         date;
  v_hour        int;
  v_class       int;
  v_many_routes boolean;
  v_written     int;
BEGIN
  FOR v_day IN
    SELECT DISTINCT (to_timestamp(e.first_ms / 1000) AT TIME ZONE 'UTC')::date FROM jsonb_to_recordset(p_events) AS e (first_ms float8)
  LOOP
    PERFORM rollgate.make_event_day(v_day);
  END LOOP;
  -- Held until the events are visible: rollgate.seal_hour does not seal an hour meanwhile.
  FOR v_hour IN
    SELECT DISTINCT floor(e.first_ms / 3600000)::int FROM jsonb_to_recordset(p_events) AS e (first_ms float8)
  LOOP
    PERFORM pg_advisory_xact_lock_shared(7609, v_hour);
  END LOOP;
  v_many_routes := rollgate.note_event_classes(p_events);
  -- At most one event per subject, window and minute records what filled the window, however many instances write at once.
  -- Subjects without such an event are locked, by hash class in ascending order, and checked again below.
  FOR v_class IN
    SELECT DISTINCT hashtext(e.subject) & 63
    FROM jsonb_to_recordset(p_events) AS e (subject text, kind text, window_name text, first_ms float8)
    WHERE e.kind = 'denied'
      AND NOT rollgate.is_filling_noted(e.subject, e.window_name, to_timestamp(floor(e.first_ms / 60000) * 60))
    ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(7608, v_class);
  END LOOP;
  WITH given AS MATERIALIZED (
    SELECT e.*, to_timestamp(e.first_ms / 1000) AS first_at, floor(e.first_ms / 60000) * 60 AS minute,
           rollgate.event_class_key(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
             CASE WHEN NOT v_many_routes THEN e.route END) COLLATE "C" AS class_key
    FROM jsonb_to_recordset(p_events) AS e (
      id text, kind text, account text, api text, group_id text, level text[], subject text, lane int, window_name text, per_minute int,
      per_hour int, used int, cost int, source text, policy_version int, mode text, first_ms float8, last_ms float8, count int,
      units bigint, instance text, route text, request_id text, retry_ms float8, merged text)
  ),
  first AS MATERIALIZED (
    SELECT DISTINCT ON (t.subject, t.window_name, t.minute) t.id, t.lane, t.subject, t.window_name, t.first_at
    FROM given t
    WHERE t.kind = 'denied' AND t.subject <> '*' AND t.mode IN ('enforced', 'shadow')
      AND NOT rollgate.is_filling_noted(t.subject, t.window_name, to_timestamp(t.minute))
    ORDER BY t.subject, t.window_name, t.minute, t.first_at, t.id
  ),
  written AS (
    INSERT INTO rollgate.limit_event_row (id, account, subject, lane, class, instance, per_minute, per_hour, used, cost, source,
      policy_version, first_at, last_at, count, units, route, request_id, retry_at, filled)
    SELECT t.id, t.account, t.subject, t.lane, k.id, i.id, t.per_minute, t.per_hour, t.used, t.cost, nullif(t.source, 'default'),
      t.policy_version, t.first_at, to_timestamp(t.last_ms / 1000), t.count, nullif(t.units, t.count::bigint * t.cost),
      CASE WHEN v_many_routes THEN t.route END, t.request_id, to_timestamp(t.retry_ms / 1000),
      CASE WHEN f.id IS NOT NULL THEN rollgate.window_filling(f.lane, f.subject, f.window_name, f.first_at) END
    FROM given t
    LEFT JOIN rollgate.event_class k ON k.key = t.class_key
    LEFT JOIN rollgate.event_instance i ON i.name = t.instance COLLATE "C"
    LEFT JOIN first f ON f.id = t.id
    ON CONFLICT (first_at, id) DO NOTHING
    RETURNING first_at
  ),
  late AS (
    INSERT INTO rollgate.usage_late
    SELECT DISTINCT date_trunc('hour', w.first_at, 'UTC') FROM written w JOIN rollgate.roll_up r ON w.first_at < r.sealed_to
  )
  SELECT count(*) INTO v_written FROM written;
  RETURN v_written;
END $$;

COMMENT ON FUNCTION rollgate.write_events IS 'Writes limit events of instances, which may be sent repeatedly; returns how many were new';
