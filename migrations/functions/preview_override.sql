-- Returns what an override would change, from what to what for every API in its scope. p_spec: as in rollgate.create_override; without
-- limits it returns the effective limits. Locks and writes nothing.
CREATE OR REPLACE FUNCTION rollgate.preview_override(p_spec jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_new   rollgate.override;
  v_whole record;
BEGIN
  PERFORM rollgate.refuse_loose_times(p_spec);
  v_new := jsonb_populate_record(NULL::rollgate.override, p_spec);
  PERFORM rollgate.refuse_internal(v_new.account);
  PERFORM rollgate.refuse_retired(v_new.api);
  v_new.id := 'new';
  v_new.created_in := 9223372036854775807;
  v_new.starts_at := greatest(v_new.starts_at, v_now);
  v_whole := rollgate.fill_override(v_new, p_spec, v_now);
  v_new := v_whole.filled;
  RETURN jsonb_build_object(
    'perMinute', v_new.per_minute, 'perHour', v_new.per_hour, 'factor', v_new.factor,
    'extraMinute', v_new.extra_minute, 'extraHour', v_new.extra_hour,
    'lowered', coalesce(rollgate.lowered_by(v_new, v_now), '[]'),
    'effects', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('api', c.api, 'title', c.title,
          'default', jsonb_build_object('perMinute', d.per_minute, 'perHour', d.per_hour),
          'before', jsonb_build_object('perMinute', e.minute_before, 'perHour', e.hour_before, 'source', e.source_before),
          'after', jsonb_build_object('perMinute', e.minute_after, 'perHour', e.hour_after),
          'governs', e.source_after = 'new') ORDER BY c.ord), '[]')
      FROM rollgate.override_effects(v_new, v_now) e
      JOIN rollgate.catalogue c ON c.api = e.api
      CROSS JOIN LATERAL rollgate.default_limits(c) d
      WHERE e.at = v_new.starts_at));
END $$;

COMMENT ON FUNCTION rollgate.preview_override IS
  'What an override would change when it starts: {perMinute, perHour, factor, extraMinute, extraHour, lowered, '
  'effects: [{api, title, default, before, after, governs}]}, with every API in its scope';
