CREATE OR REPLACE FUNCTION rollgate.request_facts(r rollgate.limit_request) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', r.id, 'account', r.account, 'group', r.group_id, 'api', r.api, 'subject', r.subject,
    'perMinute', r.per_minute, 'perHour', r.per_hour, 'factor', r.factor,
    'until', to_char(r.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', r.reason, 'ticket', r.ticket, 'denialId', r.denial_id, 'askedBy', r.asked_by, 'needsAdmin', r.needs_admin, 'state', r.state,
    'decidedBy', r.decided_by, 'answer', r.answer, 'overrideId', r.override_id, 'version', r.version)
$$;

COMMENT ON FUNCTION rollgate.request_facts IS 'The fields of a limit request that the history shows';
