CREATE OR REPLACE FUNCTION rollgate.refuse_catalogue_conflicts(p_application text, p_apis jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_conflicts jsonb;
  v_lines     text;
BEGIN
  WITH conflict AS (
    SELECT t.api, rollgate.definition_text(t) AS definition, o.owners, rollgate.definition_text(c) AS registered
    FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
    JOIN rollgate.catalogue c ON c.api = t.api
    CROSS JOIN LATERAL (
      SELECT array_agg(w.application ORDER BY w.application) AS owners FROM rollgate.catalogue_owner w
      WHERE w.api = t.api AND w.application NOT IN (p_application, '(before 0.2.0)')
    ) o
    WHERE o.owners IS NOT NULL AND rollgate.definition_text(t) <> rollgate.definition_text(c)
  )
  SELECT jsonb_agg(jsonb_build_object('api', f.api, 'application', p_application, 'definition', f.definition, 'owners', f.owners,
           'registered', f.registered) ORDER BY f.api),
         string_agg(format('%s: "%s" registers %s; "%s" registers %s', f.api, p_application, f.definition,
           array_to_string(f.owners, '", "'), f.registered), E'\n' ORDER BY f.api)
  INTO v_conflicts, v_lines
  FROM conflict f;
  IF v_conflicts IS NOT NULL THEN
    RAISE EXCEPTION E'Another application registers the same API with another definition. Nothing of the catalogue of "%" was stored.\n%',
      p_application, v_lines USING ERRCODE = 'RGCAT', DETAIL = v_conflicts::text,
      HINT = 'Give the APIs different IDs, or the same definition in both applications.';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_catalogue_conflicts IS
  'Refuses (RGCAT) APIs that another application registers with another level, group, scope or limit; DETAIL: [{api, application, '
  'definition, owners, registered}]';
