-- Requires the ledger's lock (rollgate.open_ledger). p_limits: [{group_id, api, per_minute, per_hour, factor}].
CREATE OR REPLACE FUNCTION rollgate.put_plan_limits(p_plan text, p_limits jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_row jsonb;
  v_new rollgate.plan_limit;
BEGIN
  IF jsonb_typeof(p_limits) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'limits: must be a list.' USING ERRCODE = 'RG422';
  END IF;
  DELETE FROM rollgate.plan_limit WHERE plan = p_plan;
  FOR v_row IN SELECT * FROM jsonb_array_elements(p_limits) LOOP
    PERFORM rollgate.refuse_unknown(v_row, ARRAY['group_id', 'api', 'per_minute', 'per_hour', 'factor']);
    v_new := jsonb_populate_record(NULL::rollgate.plan_limit, v_row);
    v_new.plan := p_plan;
    IF v_new.group_id IS NOT NULL AND v_new.api IS NOT NULL THEN
      RAISE EXCEPTION 'A limit of a plan is for one API, for one group, or for all, not for an API and a group.' USING ERRCODE = 'RG422';
    END IF;
    IF NOT EXISTS (SELECT FROM rollgate.catalogue c WHERE rollgate.scope_covers(v_new.group_id, v_new.api, c.group_id, c.api))
      AND coalesce(v_new.group_id, v_new.api) IS NOT NULL THEN
      RAISE EXCEPTION 'There is no API or group "%".', coalesce(v_new.api, v_new.group_id) USING ERRCODE = 'RG404';
    END IF;
    IF NOT rollgate.sets_limit(v_new.per_minute, v_new.per_hour, v_new.factor) THEN
      RAISE EXCEPTION 'Set at least one of: per-minute limit, per-hour limit, factor.' USING ERRCODE = 'RG422';
    END IF;
    IF v_new.factor IS NOT NULL AND (v_new.per_minute IS NOT NULL OR v_new.per_hour IS NOT NULL) THEN
      RAISE EXCEPTION 'Set either a factor or limits, not both.' USING ERRCODE = 'RG422';
    END IF;
    PERFORM rollgate.refuse_factor(v_new.factor);
    BEGIN
      INSERT INTO rollgate.plan_limit SELECT v_new.*;
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'The plan has two limits for %.', coalesce(v_new.api, v_new.group_id, 'all APIs') USING ERRCODE = 'RG422';
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.put_plan_limits IS 'Replaces the limits of a plan. Errors: RG404 unknown API or group, RG422';
