-- As in rollgate.revert. A plan is never deleted: the inverse of a creation retires it and removes its limits, so that no account has
-- other limits by it.
CREATE OR REPLACE FUNCTION rollgate.revert_plan(
  p_done   rollgate.history,
  p_reason text,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT history_id bigint,
  OUT lowered    jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
  v_old    rollgate.plan := rollgate.plan_at(p_done.target);
  v_new    rollgate.plan := v_old;
  v_limits jsonb := '[]';
BEGIN
  IF p_done.before IS NULL THEN
    v_new.retired_at := p_ledger.history_at;
  ELSE
    v_new.title := p_done.before ->> 'title';
    v_new.description := p_done.before ->> 'description';
    v_new.retired_at := p_done.before ->> 'retiredAt';
    SELECT coalesce(jsonb_agg(jsonb_build_object('group_id', l.row -> 'group', 'api', l.row -> 'api', 'per_minute', l.row -> 'perMinute',
      'per_hour', l.row -> 'perHour', 'factor', l.row -> 'factor')), '[]')
    INTO v_limits FROM jsonb_array_elements(p_done.before -> 'limits') l (row);
  END IF;
  SELECT (p.changed).history_id, p.lowered INTO history_id, lowered
  FROM rollgate.put_plan(v_old, v_new, v_limits, p_reason, p_by, p_ledger, p_done.id) p;
END $$;

COMMENT ON FUNCTION rollgate.revert_plan IS 'Applies the inverse of the newest change of a plan';
