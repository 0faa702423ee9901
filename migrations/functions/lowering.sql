-- What a person has to confirm about one API's change of limits: 0 to 2 items, at most one per window.
CREATE OR REPLACE FUNCTION rollgate.lowering(
  p_api           text,
  p_minute_before int,
  p_minute_after  int,
  p_hour_before   int,
  p_hour_after    int,
  p_at            timestamptz DEFAULT NULL  -- when the change takes effect; NULL: at once
) RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', p_api, 'window', w.name, 'from', w.before, 'to', w.after, 'why', y.why,
    'at', to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'text', concat(p_api,
      CASE y.why
        WHEN 'blocked' THEN format(' is blocked: from %s to 0 in any %s', n.before, w.length)
        WHEN 'lower' THEN format(' falls from %s to %s in any %s', n.before, n.after, w.length)
        ELSE format(' gets %s in any hour, less than its %s in any 60 s', n.after, to_char(p_minute_after, 'FM999,999,999,999')) END,
      ', from ' || rollgate.utc(p_at) || ' on'))
  FROM (VALUES ('minute', '60 s', p_minute_before, p_minute_after), ('hour', 'hour', p_hour_before, p_hour_after))
    w (name, length, before, after)
  CROSS JOIN LATERAL (SELECT to_char(w.before, 'FM999,999,999,990') AS before, to_char(w.after, 'FM999,999,999,990') AS after) n
  CROSS JOIN LATERAL (SELECT CASE
    WHEN w.after < w.before AND w.after = 0 THEN 'blocked'
    WHEN w.after < w.before THEN 'lower'
    WHEN w.name = 'hour' AND p_hour_after < p_minute_after
      AND (p_minute_before, p_hour_before) IS DISTINCT FROM (p_minute_after, p_hour_after) THEN 'hourBelowMinute' END AS why) y
  WHERE y.why IS NOT NULL
$$;

COMMENT ON FUNCTION rollgate.lowering IS
  'Limits that fall when an API''s limits change, including a limit of 0 and an hour limit below the minute limit: {api, window, '
  'from, to, why, at, text}';
