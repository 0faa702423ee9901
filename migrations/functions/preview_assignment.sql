-- p_spec: as in rollgate.assign_plan. Locks and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.preview_assignment(p_spec jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_new rollgate.plan_assignment;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.plan_assignment, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.plan_at(v_new.plan);
  v_new.starts_at := greatest(v_new.starts_at, v_now);
  RETURN jsonb_build_object(
    'lowered', coalesce(rollgate.lowered_by_assignment(v_new, v_now), '[]'),
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', e.api, 'title', e.title,
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before, 'source', e.source_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after, 'source', e.source_after))
            ORDER BY e.ord), '[]')
      FROM rollgate.assignment_effects(v_new, v_now) e
      WHERE e.at = v_new.starts_at));
END $$;

COMMENT ON FUNCTION rollgate.preview_assignment IS
  'What an assignment would change when it starts: {lowered, effects: [{api, title, before, after}]}, with every API';
