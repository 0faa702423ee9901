-- p_spec names id, title (default: the id), description, limits (as in rollgate.put_plan_limits), reason.
CREATE OR REPLACE FUNCTION rollgate.create_plan(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.plan,  -- with the history_id of this change
  OUT lowered jsonb           -- NULL: no account has the plan yet
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger := rollgate.open_ledger(true);
  v_id     text := p_spec ->> 'id';
BEGIN
  PERFORM rollgate.refuse_unknown(p_spec, ARRAY['id', 'title', 'description', 'limits', 'reason']);
  PERFORM rollgate.need_admin(p_by, 'plans');
  PERFORM rollgate.need_reason(p_spec ->> 'reason');
  IF coalesce(v_id, '') !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' THEN
    RAISE EXCEPTION 'id: must be 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter or a digit.'
      USING ERRCODE = 'RG422';
  END IF;
  IF EXISTS (SELECT FROM rollgate.plan WHERE id = v_id) THEN
    RAISE EXCEPTION 'There is a plan "%" already.', v_id USING ERRCODE = 'RG409';
  END IF;
  INSERT INTO rollgate.plan (id, title, description, created_by, created_at, changed_by, changed_at, changed_in)
  VALUES (v_id, coalesce(nullif(btrim(p_spec ->> 'title'), ''), v_id), coalesce(btrim(p_spec ->> 'description'), ''), p_by.actor,
    v_ledger.history_at, p_by.actor, v_ledger.history_at, v_ledger.policy_version)
  RETURNING * INTO changed;
  PERFORM rollgate.put_plan_limits(v_id, coalesce(p_spec -> 'limits', '[]'));
  changed.history_id := rollgate.record('plan', 'create', v_id, NULL, p_by, NULL, rollgate.plan_facts(changed), btrim(p_spec ->> 'reason'));
  UPDATE rollgate.plan SET history_id = changed.history_id WHERE id = v_id;
END $$;

COMMENT ON FUNCTION rollgate.create_plan IS
  'Creates a plan; p_spec: {id, title, description, limits: [{group_id, api, per_minute, per_hour, factor}], reason}. Errors: RG403 not '
  'an admin, RG404 unknown API or group, RG409 the id is taken, RG422';
