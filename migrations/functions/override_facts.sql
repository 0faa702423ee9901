-- The facts of an override that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.override_facts(o rollgate.override) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', o.id, 'account', o.account, 'scope', o.scope, 'group', o.group_id, 'api', o.api, 'subject', o.subject,
    'perMinute', o.per_minute, 'perHour', o.per_hour, 'factor', o.factor, 'extraMinute', o.extra_minute, 'extraHour', o.extra_hour,
    'mode', o.mode,
    'startsAt', to_char(o.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'expiresAt', to_char(o.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', o.reason, 'ticket', o.ticket, 'createdBy', o.created_by, 'requestId', o.request_id, 'version', o.version)
$$;

COMMENT ON FUNCTION rollgate.override_facts IS 'The fields of an override that the history shows';
