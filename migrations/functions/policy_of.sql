-- Two accounts with the same result have the same limits from p_now on, whatever their names, so a change has the same effects on both.
-- An override of one subject contains that subject's key, and with it the account.
CREATE OR REPLACE FUNCTION rollgate.policy_of(p_account text, p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(
    (SELECT jsonb_agg(jsonb_build_array(o.group_id, o.api, o.subject, o.per_minute, o.per_hour, o.factor, o.extra_minute,
              o.extra_hour, o.mode, greatest(o.starts_at, p_now), o.expires_at) ORDER BY o.created_in)
     FROM rollgate.override o WHERE o.account = p_account AND rollgate.unexpired(o.expires_at, p_now)),
    (SELECT jsonb_agg(jsonb_build_array(a.plan, greatest(a.starts_at, p_now), a.ends_at) ORDER BY a.starts_at)
     FROM rollgate.plan_assignment a WHERE a.account = p_account AND rollgate.unexpired(a.ends_at, p_now)))
$$;

COMMENT ON FUNCTION rollgate.policy_of IS 'Everything that sets limits of an account from p_now on, without the account''s name';
