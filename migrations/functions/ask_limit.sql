-- Files a limit request. p_spec names columns of rollgate.limit_request.
CREATE OR REPLACE FUNCTION rollgate.ask_limit(p_spec jsonb, p_by rollgate.author) RETURNS SETOF rollgate.limit_request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- A customer's retry loop must not hide the requests of others.
  c_most_open constant int := 20;
  v_ledger rollgate.ledger := rollgate.open_ledger(false);
  v_new    rollgate.limit_request;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.limit_request, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.need_reason(v_new.reason);
  IF (v_new.api IS NOT NULL OR v_new.group_id IS NOT NULL) AND NOT EXISTS (
    SELECT FROM rollgate.catalogue c WHERE rollgate.scope_covers(v_new.group_id, v_new.api, c.group_id, c.api)
  ) THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(v_new.api, v_new.group_id) USING ERRCODE = 'RG404';
  END IF;
  PERFORM rollgate.refuse_retired(v_new.api);
  IF v_new.until <= v_ledger.history_at THEN
    RAISE EXCEPTION 'until: % is in the past.', rollgate.utc(v_new.until) USING ERRCODE = 'RG422';
  END IF;
  IF (SELECT count(*) FROM rollgate.limit_request WHERE account = v_new.account AND state = 'open') >= c_most_open THEN
    RAISE EXCEPTION 'The account already has % open limit requests. Wait for their answers before filing another.', c_most_open
      USING ERRCODE = 'RG409';
  END IF;
  IF EXISTS (
    SELECT FROM rollgate.limit_request r WHERE r.denial_id = v_new.denial_id AND r.account = v_new.account AND r.state = 'open'
  ) THEN
    RAISE EXCEPTION 'There is already an open limit request for this denial.' USING ERRCODE = 'RG409';
  END IF;
  v_new.number := nextval('rollgate.limit_request_number');
  INSERT INTO rollgate.limit_request (id, number, account, group_id, api, subject, per_minute, per_hour, factor, until, reason, ticket,
    denial_id, denial, asked_by, asked_at, needs_admin)
  VALUES ('req_' || v_new.number, v_new.number, v_new.account, v_new.group_id, v_new.api, v_new.subject, v_new.per_minute,
    v_new.per_hour, v_new.factor, v_new.until, btrim(v_new.reason), v_new.ticket, v_new.denial_id, v_new.denial, p_by.actor,
    v_ledger.history_at, coalesce(v_new.needs_admin, false))
  RETURNING * INTO v_new;
  v_new.history_id := rollgate.record('request', 'ask', v_new.id, v_new.account, p_by, NULL, rollgate.request_facts(v_new),
    v_new.reason, v_new.ticket);
  UPDATE rollgate.limit_request SET history_id = v_new.history_id WHERE id = v_new.id;
  RETURN NEXT v_new;
END $$;

COMMENT ON FUNCTION rollgate.ask_limit IS 'Files a limit request. Errors: RG404 unknown API, RG409 too many open requests, RG422 invalid';
