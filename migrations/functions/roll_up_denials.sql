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
  FROM rollgate.limit_event e
  WHERE e.first_at >= p_from AND e.first_at < p_hour + interval '1 hour'
  ORDER BY e.first_at OFFSET p_limit LIMIT 1;
  v_to := coalesce(v_to, p_hour + interval '1 hour');

  WITH events AS MATERIALIZED (
    SELECT e.account, e.api,
           -- Events that combine subjects do not name the scope.
           CASE WHEN e.subject <> '*' THEN split_part(e.subject, '/', 2) WHEN c.scope = 'group' THEN '@' || c.group_id
                ELSE e.api END AS scope,
           e.window_name, e.mode, date_trunc('minute', e.first_at) AS minute, sum(e.count) AS calls, sum(e.units) AS units
    FROM rollgate.limit_event e LEFT JOIN rollgate.catalogue c ON c.api = e.api
    WHERE e.first_at >= p_from AND e.first_at < v_to AND e.kind = 'denied'
    GROUP BY 1, 2, 3, 4, 5, 6
  ),
  named AS (
    SELECT e.account, e.scope AS api FROM events e UNION SELECT e.account, e.api FROM events e UNION SELECT '', e.api FROM events e
  ),
  added AS (
    INSERT INTO rollgate.usage_series (account, api)
    SELECT n.account, n.api FROM named n
    WHERE NOT EXISTS (SELECT FROM rollgate.usage_series s WHERE s.account = n.account AND s.api = n.api AND s.plan = '')
    RETURNING id, account, api
  ),
  series AS MATERIALIZED (
    SELECT s.id, s.account, s.api FROM named n JOIN rollgate.usage_series s ON s.account = n.account AND s.api = n.api AND s.plan = ''
    UNION ALL
    SELECT a.id, a.account, a.api FROM added a
  ),
  counted AS (
    INSERT INTO rollgate.usage_hour AS u (series, hour, denied, shadow, outage, minutes_denied)
    SELECT s.id, p_hour,
           coalesce(sum(e.units) FILTER (WHERE e.mode = 'enforced'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode = 'shadow'), 0),
           coalesce(sum(e.units) FILTER (WHERE e.mode IN ('fallback_denied', 'fallback_allowed')), 0),
           count(DISTINCT e.minute) FILTER (WHERE e.mode = 'enforced')
    FROM events e JOIN series s ON s.account = e.account AND s.api = e.scope
    GROUP BY s.id
    ON CONFLICT (series, hour) DO UPDATE
    SET denied = u.denied + excluded.denied, shadow = u.shadow + excluded.shadow, outage = u.outage + excluded.outage,
        minutes_denied = u.minutes_denied + excluded.minutes_denied
  )
  INSERT INTO rollgate.denial_hour AS d (series, hour, window_name, mode, calls)
  SELECT s.id, p_hour, e.window_name, e.mode, sum(e.calls)
  FROM events e CROSS JOIN LATERAL (VALUES (e.account), ('')) AS v (account) JOIN series s ON s.account = v.account AND s.api = e.api
  GROUP BY 1, 3, 4
  ON CONFLICT (series, hour, window_name, mode) DO UPDATE SET calls = d.calls + excluded.calls;
  RETURN v_to;
END $$;

COMMENT ON FUNCTION rollgate.roll_up_denials IS 'Adds up a part of a sealed hour''s denials; returns the minute to continue from';
