-- An application registers the APIs it uses: a program at its start, or a person from a file. The list replaces the application's
-- earlier list. Edits by admins are kept. With p_missing_only the list adds only APIs that the database does not know and changes
-- nothing else: instances of several releases may run when a database returns from a restart or a backup.
CREATE OR REPLACE FUNCTION rollgate.register_catalogue(
  p_application  text,
  p_apis         jsonb,
  p_by           rollgate.author,
  p_missing_only boolean         DEFAULT false
) RETURNS TABLE (api text, action text, before jsonb, after jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_ledger rollgate.ledger;
  v_given  rollgate.catalogue;
  v_api    text;
  v_apis   text[] := '{}';
BEGIN
  PERFORM rollgate.refuse_bad_catalogue(p_application, p_apis);
  IF NOT rollgate.is_catalogue_new(p_application, p_apis, p_missing_only) THEN
    RETURN; -- nothing new: return without taking the lock
  END IF;
  IF NOT p_missing_only THEN
    -- Before the lock, because an instance with a conflict retries, and after it, because another application may have been faster.
    PERFORM rollgate.refuse_catalogue_conflicts(p_application, p_apis);
  END IF;
  v_ledger := rollgate.open_ledger(true);
  IF NOT p_missing_only THEN
    PERFORM rollgate.refuse_catalogue_conflicts(p_application, p_apis);
  END IF;
  FOR v_given IN SELECT * FROM jsonb_populate_recordset(NULL::rollgate.catalogue, p_apis) LOOP
    CONTINUE WHEN p_missing_only AND EXISTS (SELECT FROM rollgate.catalogue c WHERE c.api = v_given.api);
    RETURN QUERY SELECT p.* FROM rollgate.put_definition(v_given, p_application, p_by, v_ledger) p;
    v_apis := v_apis || v_given.api;
  END LOOP;
  INSERT INTO rollgate.catalogue_owner (application, api, registered_at)
  SELECT p_application, a.api, v_ledger.history_at FROM unnest(v_apis) a (api)
  ON CONFLICT DO NOTHING;
  IF p_missing_only THEN
    RETURN;
  END IF;
  -- The placeholder for the unknown applications of 0.1.0 ends when one of them registers the API.
  DELETE FROM rollgate.catalogue_owner o WHERE o.application = '(before 0.2.0)' AND o.api = ANY (v_apis);
  DELETE FROM rollgate.catalogue_owner o WHERE o.application = p_application AND o.api <> ALL (v_apis);
  FOR v_api IN
    SELECT c.api FROM rollgate.catalogue c
    WHERE c.retired_at IS NULL AND NOT EXISTS (SELECT FROM rollgate.catalogue_owner o WHERE o.api = c.api)
    ORDER BY c.ord
  LOOP
    RETURN QUERY SELECT p.* FROM rollgate.retire_api(v_api, p_application, p_by, v_ledger) p;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.register_catalogue IS
  'Replaces the list of APIs of one application and returns what changed: add, ship, retire, return, each with the definition before '
  'and after. Errors: RGCAT another application registers an API with another definition (DETAIL: a JSON list), RG422 invalid';
