-- What a customer may see of the account's limit requests.
CREATE OR REPLACE FUNCTION rollgate.requests_of(
  p_account text,
  p_id      text   DEFAULT NULL,  -- only this request
  p_denial  text   DEFAULT NULL,  -- only requests for this denial
  p_before  bigint DEFAULT NULL,  -- number of the last request on the previous page
  p_limit   int    DEFAULT 50
) RETURNS TABLE (
  number bigint, id text, account text, group_id text, api text, subject text, per_minute int, per_hour int, factor numeric,
  until timestamptz, reason text, asked_at timestamptz, state text, decided_at timestamptz, answer text, granted_per_minute int,
  granted_per_hour int, granted_factor numeric, granted_until timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.number, r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.factor, r.until, r.reason, r.asked_at,
         r.state, r.decided_at, r.answer, o.per_minute, o.per_hour, o.factor, o.expires_at
  FROM rollgate.limit_request r
  LEFT JOIN rollgate.override o ON o.id = r.override_id
  -- Requests that staff filed are internal and not shown to the customer.
  WHERE r.account = p_account AND r.asked_by LIKE 'account:%' AND (p_id IS NULL OR r.id = p_id)
    AND (p_denial IS NULL OR r.denial_id = p_denial) AND (p_before IS NULL OR r.number < p_before)
  ORDER BY r.number DESC
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.requests_of IS 'An account''s own limit requests with their answers, newest first';
