CREATE OR REPLACE FUNCTION rollgate.lowered_by_plan(
  p_before   jsonb,  -- as in rollgate.plan_effects
  p_after    jsonb,
  p_accounts int
) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(l.item || jsonb_build_object('accounts', p_accounts, 'text',
           format('%s, for the accounts on the plan (%s assigned)', l.item ->> 'text', p_accounts))
             ORDER BY e.ord, l.item ->> 'window' DESC)
  FROM rollgate.plan_effects(p_before, p_after) e
  CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after) l (item)
$$;

COMMENT ON FUNCTION rollgate.lowered_by_plan IS
  'Limits that fall when a plan changes: items of rollgate.lowering with the number of accounts assigned to the plan; NULL: none';
