-- Returns the plan if it is still at this version (NULL: at any version).
CREATE OR REPLACE FUNCTION rollgate.plan_at(p_id text, p_version int DEFAULT NULL) RETURNS rollgate.plan
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_old rollgate.plan;
BEGIN
  SELECT * INTO v_old FROM rollgate.plan WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no plan "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The plan was changed meanwhile: it is at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN v_old;
END $$;
