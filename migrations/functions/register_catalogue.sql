-- Programs report the APIs they know. New APIs are added and changed shipped limits are updated; edits by admins are kept.
CREATE OR REPLACE FUNCTION rollgate.register_catalogue(p_apis jsonb, p_by rollgate.author) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ledger rollgate.ledger;
  v_told   rollgate.catalogue;
  v_old    rollgate.catalogue;
  v_new    rollgate.catalogue;
  v_count  int := 0;
BEGIN
  IF NOT EXISTS (
    SELECT FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) t
    LEFT JOIN rollgate.catalogue c USING (api)
    WHERE c.api IS NULL OR (c.title, c.group_id, c.group_title, c.level, c.scope, c.shipped_per_minute, c.shipped_per_hour)
          IS DISTINCT FROM (t.title, t.group_id, t.group_title, t.level, t.scope, t.shipped_per_minute, t.shipped_per_hour)
  ) THEN
    RETURN 0; -- nothing new: return without taking the lock
  END IF;
  v_ledger := rollgate.open_ledger(true);
  FOR v_told IN SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) LOOP
    SELECT * INTO v_old FROM rollgate.catalogue WHERE api = v_told.api;
    IF NOT found THEN
      INSERT INTO rollgate.catalogue (api, ord, title, group_id, group_title, level, scope, shipped_per_minute, shipped_per_hour,
        changed_in, changed_at, changed_by)
      VALUES (v_told.api, (SELECT coalesce(max(ord), 0) + 1 FROM rollgate.catalogue), v_told.title, v_told.group_id, v_told.group_title,
              v_told.level, v_told.scope, v_told.shipped_per_minute, v_told.shipped_per_hour, v_ledger.policy_version,
              v_ledger.history_at, p_by.actor)
      RETURNING * INTO v_new;
      PERFORM rollgate.record('catalogue', 'add', v_new.api, NULL, p_by, NULL, rollgate.catalogue_facts(v_new), 'shipped with the program');
      v_count := v_count + 1;
    ELSIF (v_old.title, v_old.group_id, v_old.group_title, v_old.level, v_old.scope, v_old.shipped_per_minute, v_old.shipped_per_hour)
       IS DISTINCT FROM (v_told.title, v_told.group_id, v_told.group_title, v_told.level, v_told.scope, v_told.shipped_per_minute,
         v_told.shipped_per_hour) THEN
      UPDATE rollgate.catalogue c
      SET title = v_told.title, group_id = v_told.group_id, group_title = v_told.group_title, level = v_told.level, scope = v_told.scope,
          shipped_per_minute = v_told.shipped_per_minute, shipped_per_hour = v_told.shipped_per_hour, version = c.version + 1,
          changed_in = v_ledger.policy_version, changed_at = v_ledger.history_at, changed_by = p_by.actor
      WHERE c.api = v_told.api
      RETURNING * INTO v_new;
      PERFORM rollgate.record('catalogue', 'ship', v_new.api, NULL, p_by, rollgate.catalogue_facts(v_old),
        rollgate.catalogue_facts(v_new), 'shipped with the program');
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;

COMMENT ON FUNCTION rollgate.register_catalogue IS
  'Adds new APIs and updates changed shipped limits; returns how many APIs it added or updated';
