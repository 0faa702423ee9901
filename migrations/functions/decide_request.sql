-- Approves a limit request and creates its override in the same transaction, or declines it. p_changes may name per_minute,
-- per_hour, factor, expires_at, starts_at, ticket and allow_lowering. A limit that neither p_changes nor the request names keeps its
-- effective value.
CREATE OR REPLACE FUNCTION rollgate.decide_request(
  p_id      text,
  p_version int,    -- the version that the caller has seen; NULL: any
  p_approve boolean,
  p_changes jsonb,  -- what the override gets instead of what was requested; NULL: nothing
  p_answer  text,   -- shown to the customer; required to decline
  p_by      rollgate.author,
  OUT changed rollgate.limit_request,  -- with the history_id of this change
  OUT lowered jsonb                    -- the limits that the override lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger    rollgate.ledger := rollgate.open_ledger(p_approve);
  v_old       rollgate.limit_request;
  v_requested jsonb;
  v_added     record;
  v_made      rollgate.override;
BEGIN
  PERFORM rollgate.refuse_unknown(p_changes, ARRAY['per_minute', 'per_hour', 'factor', 'expires_at', 'starts_at', 'ticket',
    'allow_lowering']);
  SELECT * INTO v_old FROM rollgate.limit_request WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no limit request "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.state <> 'open' THEN
    RAISE EXCEPTION 'The limit request was already % by %.', v_old.state, v_old.decided_by USING ERRCODE = 'RG409';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The limit request has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not review limit requests.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  IF v_old.asked_by = p_by.actor THEN
    RAISE EXCEPTION 'You can''t review your own limit request.' USING ERRCODE = 'RG403';
  END IF;
  IF NOT p_approve THEN
    PERFORM rollgate.need_reason(p_answer);
  ELSE
    IF v_old.until <= v_ledger.history_at AND NOT coalesce(p_changes, '{}') ? 'expires_at' THEN
      RAISE EXCEPTION 'The requested end, %, has passed. Choose another end date.', rollgate.utc(v_old.until) USING ERRCODE = 'RG422';
    END IF;
    v_requested := jsonb_strip_nulls(jsonb_build_object(
      'per_minute', v_old.per_minute, 'per_hour', v_old.per_hour, 'factor', v_old.factor));
    -- Setting limits removes a factor, and setting a factor removes limits.
    IF p_changes ->> 'factor' IS NOT NULL THEN
      v_requested := v_requested - ARRAY['per_minute', 'per_hour'];
    ELSIF p_changes ->> 'per_minute' IS NOT NULL OR p_changes ->> 'per_hour' IS NOT NULL THEN
      v_requested := v_requested - 'factor';
    END IF;
    v_added := rollgate.add_override(
      jsonb_build_object('account', v_old.account, 'group_id', v_old.group_id, 'api', v_old.api, 'subject', v_old.subject,
        'expires_at', v_old.until, 'ticket', v_old.ticket)
      || v_requested || coalesce(p_changes, '{}')
      || jsonb_build_object('reason', v_old.reason, 'request_id', v_old.id),
      p_by, v_ledger);
    v_made := v_added.changed;
    lowered := v_added.lowered;
  END IF;
  UPDATE rollgate.limit_request r
  SET state = CASE WHEN p_approve THEN 'approved' ELSE 'declined' END, decided_by = p_by.actor, decided_at = v_ledger.history_at,
      answer = nullif(btrim(p_answer), ''), override_id = v_made.id, version = r.version + 1
  WHERE r.id = p_id
  RETURNING * INTO changed;
  changed.history_id := rollgate.record('request', CASE WHEN p_approve THEN 'approve' ELSE 'decline' END, changed.id, changed.account,
    p_by, rollgate.request_facts(v_old), rollgate.request_facts(changed), coalesce(changed.answer, v_old.reason), changed.ticket);
  UPDATE rollgate.limit_request SET history_id = changed.history_id WHERE id = changed.id;
END $$;

COMMENT ON FUNCTION rollgate.decide_request IS
  'Approves a limit request and creates its override, or declines it. Errors: RG403 own request or above the approval limit, RG404, '
  'RG409 already decided, or it lowers a limit in force, RG412, RG422';
