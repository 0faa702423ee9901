-- Unlike that of an override, the end of an assignment counts: a trial of a plan ends the plan that the account had before.
CREATE OR REPLACE FUNCTION rollgate.lowered_by_assignment(
  p_new     rollgate.plan_assignment,
  p_now     timestamptz,
  p_without text DEFAULT NULL  -- as in rollgate.assignment_effects
) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(f.item ORDER BY f.ord, f.item ->> 'window' DESC)
  FROM (
    SELECT DISTINCT ON (e.api, l.item ->> 'window') l.item, e.ord
    FROM rollgate.assignment_effects(p_new, p_now, p_without) e
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after, nullif(e.at, p_now)) l (item)
    ORDER BY e.api, l.item ->> 'window', e.at
  ) f
$$;

COMMENT ON FUNCTION rollgate.lowered_by_assignment IS
  'Limits of an account that fall below their present or scheduled values through an assignment: items of rollgate.lowering; NULL: none';
