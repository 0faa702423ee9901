-- The lane's lock is held until the transaction ends, so calls of the account wait that long. One history row names what was forgiven.
CREATE OR REPLACE FUNCTION rollgate.reset_by_staff(
  p_lane    int,   -- of the account
  p_account text,
  p_api     text,
  p_subject text,  -- the subject's key; NULL: every subject of the API
  p_reason  text,
  p_ticket  text,
  p_by      rollgate.author,
  OUT history_id  bigint,
  OUT subjects    int,     -- whose windows held units
  OUT minute_used bigint,  -- units that counted in the last 60 s
  OUT hour_used   bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- Emptying so many takes about 0.1 s.
  c_most constant int := 1000;
  v_keys text[];
  v_all  text := (
    SELECT rollgate.encode_part(p_account) || '/' || CASE c.scope WHEN 'group' THEN '@' || c.group_id ELSE c.api END || '/'
    FROM rollgate.catalogue c WHERE c.api = p_api);
BEGIN
  PERFORM rollgate.refuse_internal(p_account);
  PERFORM rollgate.need_reason(p_reason);
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not reset windows.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  IF v_all IS NULL THEN
    RAISE EXCEPTION 'There is no API "%".', p_api USING ERRCODE = 'RG404';
  END IF;
  PERFORM rollgate.open_ledger(false);
  PERFORM rollgate.enter_lanes(p_lane);
  v_keys := ARRAY(
    SELECT l.subject FROM rollgate.list_subjects(p_lane, v_all, '', c_most + 1) l WHERE p_subject IS NULL
    UNION ALL
    SELECT p_subject WHERE starts_with(p_subject, v_all));
  IF cardinality(v_keys) > c_most THEN
    RAISE EXCEPTION 'More than % subjects of % have units. Reset them one by one.', to_char(c_most, 'FM9,999'), p_api
      USING ERRCODE = 'RG422';
  END IF;
  SELECT array_agg(p.subject), count(*), coalesce(sum(u.minute), 0), sum(u.hour) INTO v_keys, subjects, minute_used, hour_used
  FROM rollgate.peek(p_lane, v_keys) p
  CROSS JOIN LATERAL (
    SELECT sum(s.units) AS hour, sum(s.units) FILTER (WHERE s.second > p.now_ms / 1000 - rollgate.window_buckets('minute')) AS minute
    FROM unnest(p.seconds, p.units) s (second, units)
  ) u
  WHERE u.hour > 0;
  IF subjects = 0 THEN
    RAISE EXCEPTION 'No units count in the windows of %.', coalesce(p_subject, v_all) USING ERRCODE = 'RG404';
  END IF;
  history_id := rollgate.record('reset', 'reset', coalesce(p_subject, v_all), p_account, p_by, NULL,
    jsonb_build_object('api', p_api, 'subject', p_subject, 'subjects', subjects, 'minuteUsed', minute_used, 'hourUsed', hour_used),
    btrim(p_reason), nullif(btrim(p_ticket), ''));
  PERFORM rollgate.empty_windows(p_lane, k.key, history_id, p_by.actor) FROM unnest(v_keys) k (key);
END $$;

COMMENT ON FUNCTION rollgate.reset_by_staff IS
  'Empties both windows of one subject, or of every subject of an API of an account, and records it. Errors: RG403, RG404 unknown API or '
  'nothing to forgive, RG422';
