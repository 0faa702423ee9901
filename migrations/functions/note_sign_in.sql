-- Records a sign-in, a failed attempt, the end of a session, or the use of a token. Refusals without a login (too many attempts, tokens,
-- the identity provider) are one row for each minute and address, and uses of a token one row for each hour and address, so that a flood
-- does not fill the table.
CREATE OR REPLACE FUNCTION rollgate.note_sign_in(
  p_outcome    text,
  p_method     text,
  p_login      text,
  p_staff_id   text,
  p_address    text,
  p_user_agent text,
  p_request_id text,
  p_times      int DEFAULT 1
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now     timestamptz := clock_timestamp();
  v_address text := left(p_address, 64);
  v_login   text := left(p_login, 256);
  v_merged  interval := CASE WHEN p_outcome IN ('too_many_attempts', 'token_refused', 'oidc_refused') AND p_login IS NULL
                          THEN interval '1 minute' WHEN p_outcome = 'token_used' THEN interval '1 hour' END;
BEGIN
  IF v_merged IS NOT NULL THEN
    -- Two services must not both add the first row.
    PERFORM pg_advisory_xact_lock(7611, hashtext(concat_ws(' ', p_outcome, v_address)));
    UPDATE rollgate.sign_in_log l SET times = l.times + p_times, last_at = greatest(v_now, l.last_at)
    WHERE l.id = (
      SELECT s.id FROM rollgate.sign_in_log s
      WHERE s.first_at > v_now - v_merged AND s.outcome = p_outcome AND s.method = p_method
        AND s.address IS NOT DISTINCT FROM v_address AND s.login IS NOT DISTINCT FROM v_login
      ORDER BY s.id DESC LIMIT 1);
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  INSERT INTO rollgate.sign_in_log (first_at, last_at, times, outcome, method, login, staff_id, address, user_agent, request_id)
  VALUES (v_now, v_now, p_times, p_outcome, p_method, v_login, p_staff_id, v_address, left(p_user_agent, 512), left(p_request_id, 128));
END $$;

COMMENT ON FUNCTION rollgate.note_sign_in IS
  'Records a sign-in, a failed attempt, the end of a session, or the use of a token';
