-- Writes events of instances. Each is an object with the columns of rollgate.limit_event, with times as Unix ms: first_ms, last_ms,
-- retry_ms. An event that is already stored (same first_at and id) is left unchanged, so a batch may be sent again. Returns how many
-- are new.
CREATE OR REPLACE FUNCTION rollgate.write_events(p_events jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_day     date;
  v_hour    int;
  v_class   int;
  v_written int;
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
  -- At most one event per subject, window and minute records what filled the window, however many instances write at once.
  -- Subjects without such an event are locked, by hash class in ascending order, and checked again below.
  FOR v_class IN
    SELECT DISTINCT hashtext(e.subject) & 63
    FROM jsonb_to_recordset(p_events) AS e (subject text, kind text, window_name text, first_ms float8)
    WHERE e.kind = 'denied' AND NOT EXISTS (
      SELECT FROM rollgate.limit_event o
      WHERE o.subject = e.subject COLLATE "C" AND o.window_name = e.window_name AND o.filled IS NOT NULL
        AND o.first_at >= to_timestamp(floor(e.first_ms / 60000) * 60) AND o.first_at < to_timestamp(floor(e.first_ms / 60000) * 60 + 60))
    ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(7608, v_class);
  END LOOP;
  WITH given AS MATERIALIZED (
    SELECT e.*, to_timestamp(e.first_ms / 1000) AS first_at, floor(e.first_ms / 60000) * 60 AS minute
    FROM jsonb_to_recordset(p_events) AS e (
      id text, kind text, account text, api text, group_id text, level text[], subject text, lane int, dimensions jsonb, window_name text,
      per_minute int, per_hour int, used int, cost int, source text, policy_version bigint, mode text, first_ms float8, last_ms float8,
      count int, units bigint, instance text, route text, request_id text, retry_ms float8, merged text)
  ),
  first AS MATERIALIZED (
    SELECT DISTINCT ON (t.subject, t.window_name, t.minute) t.id, t.lane, t.subject, t.window_name, t.first_at
    FROM given t
    WHERE t.kind = 'denied' AND t.subject <> '*' AND t.mode IN ('enforced', 'shadow') AND NOT EXISTS (
      SELECT FROM rollgate.limit_event o
      WHERE o.subject = t.subject COLLATE "C" AND o.window_name = t.window_name AND o.filled IS NOT NULL
        AND o.first_at >= to_timestamp(t.minute) AND o.first_at < to_timestamp(t.minute + 60))
    ORDER BY t.subject, t.window_name, t.minute, t.first_at, t.id
  ),
  written AS (
    INSERT INTO rollgate.limit_event (id, kind, account, api, group_id, level, subject, lane, dimensions, window_name, per_minute, per_hour,
      used, cost, source, policy_version, mode, first_at, last_at, count, units, instance, route, request_id, retry_at, merged, filled)
    SELECT t.id, t.kind, t.account, t.api, t.group_id, t.level, t.subject, t.lane, t.dimensions, t.window_name, t.per_minute, t.per_hour,
      t.used, t.cost, t.source, t.policy_version, t.mode, t.first_at, to_timestamp(t.last_ms / 1000), t.count, t.units, t.instance, t.route,
      t.request_id, to_timestamp(t.retry_ms / 1000), coalesce(t.merged, 'second'),
      CASE WHEN f.id IS NOT NULL THEN rollgate.window_filling(f.lane, f.subject, f.window_name, f.first_at) END
    FROM given t
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
