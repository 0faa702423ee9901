-- Adds up the denials of a sealed hour from p_from on, up to the minute in which p_limit events are reached, and returns the minute to
-- continue from. The first call of an hour clears what an earlier roll-up of it has left.
CREATE OR REPLACE FUNCTION rollgate.roll_up_denials(
  p_hour  timestamptz,
  p_from  timestamptz,
  p_limit int
) RETURNS timestamptz
LANGUAGE plpgsql SET enable_mergejoin = off
AS $$
DECLARE
  v_to timestamptz;
BEGIN
  IF p_from = p_hour THEN
    -- Before the events are read: one that arrives after this is noted again.
    DELETE FROM rollgate.usage_late l WHERE l.hour = p_hour;
    UPDATE rollgate.usage_hour u SET denied = 0, shadow = 0, outage = 0, minutes_denied = 0
    WHERE u.hour = p_hour AND (u.denied > 0 OR u.shadow > 0 OR u.outage > 0);
    DELETE FROM rollgate.denial_hour d WHERE d.hour = p_hour;
  END IF;
  SELECT greatest(date_trunc('minute', e.first_at), p_from + interval '1 minute') INTO v_to
  FROM rollgate.limit_event_row e
  WHERE e.first_at >= p_from AND e.first_at < p_hour + interval '1 hour'
  ORDER BY e.first_at OFFSET p_limit LIMIT 1;
  v_to := coalesce(v_to, p_hour + interval '1 hour');

  WITH events AS MATERIALIZED (
    SELECT e.account, k.api,
           -- Events that combine subjects do not name the scope.
           CASE WHEN e.subject <> '*' THEN split_part(e.subject, '/', 2)
                WHEN c.scope = 'group' THEN '@' || c.group_id ELSE k.api END AS scope,
           k.window_name, k.mode, coalesce(e.source, 'default') AS source, date_trunc('minute', e.first_at) AS minute, count(*) AS events,
           sum(e.count) AS calls, sum(coalesce(e.units, e.count::bigint * e.cost)) AS units
    FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class LEFT JOIN rollgate.catalogue c ON c.api = k.api
    WHERE e.first_at >= p_from AND e.first_at < v_to AND k.kind = 'denied'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ),
  named AS (
    SELECT e.account, e.scope AS api FROM events e UNION SELECT e.account, e.api FROM events e UNION SELECT '', e.api FROM events e
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api, prefix)
    SELECT n.account, n.api, rollgate.encode_part(n.account) || '/' FROM named n
    WHERE NOT EXISTS (SELECT FROM rollgate.usage_series s WHERE s.account = n.account AND s.api = n.api)
    RETURNING id, account, api
  ),
  series AS MATERIALIZED (
    SELECT s.id, s.account, s.api FROM named n JOIN rollgate.usage_series s ON s.account = n.account AND s.api = n.api
    UNION ALL
    SELECT a.id, a.account, a.api FROM added a
  ),
  counted AS (
    INSERT INTO rollgate.usage_hour AS u (series, hour, denied, shadow, outage, minutes_denied)
    SELECT s.id, p_hour, coalesce(sum(e.units) FILTER (WHERE e.mode = 'enforced'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode = 'shadow'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode IN ('fallback_denied', 'fallback_allowed')), 0),
           count(DISTINCT e.minute) FILTER (WHERE e.mode = 'enforced')
    FROM events e JOIN series s ON s.account = e.account AND s.api = e.scope
    GROUP BY s.id
    ON CONFLICT (series, hour) DO UPDATE
    SET denied = u.denied + excluded.denied, shadow = u.shadow + excluded.shadow, outage = u.outage + excluded.outage,
        minutes_denied = u.minutes_denied + excluded.minutes_denied
  )
  INSERT INTO rollgate.denial_hour AS d (series, hour, window_name, mode, source, calls, units, events)
  SELECT s.id, p_hour, e.window_name, e.mode, v.source, sum(e.calls), sum(e.units), sum(e.events)
  FROM events e
  CROSS JOIN LATERAL (VALUES (e.account, e.source), (CASE WHEN NOT rollgate.is_internal(e.account) THEN '' END, '')) AS v (account, source)
  JOIN series s ON s.account = v.account AND s.api = e.api
  GROUP BY 1, 3, 4, 5
  ON CONFLICT (series, hour, window_name, mode, source) DO UPDATE
  SET calls = d.calls + excluded.calls, units = d.units + excluded.units, events = d.events + excluded.events;
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_denials IS 'Adds up a part of a sealed hour''s denials; returns the minute to continue from';
