-- The facts of a plan's assignment that history and API show; internal columns are left out.
CREATE OR REPLACE FUNCTION rollgate.assignment_facts(a rollgate.plan_assignment) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', a.id, 'account', a.account, 'plan', a.plan,
    'startsAt', to_char(a.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'endsAt', to_char(a.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'reason', a.reason, 'ticket', a.ticket, 'createdBy', a.created_by, 'version', a.version)
$$;
