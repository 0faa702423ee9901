-- Returns the override if it is still at this version (NULL: at any version).
CREATE OR REPLACE FUNCTION rollgate.override_at(p_id text, p_version int) RETURNS rollgate.override
LANGUAGE plpgsql AS $$
DECLARE
  v_old rollgate.override;
BEGIN
  SELECT * INTO v_old FROM rollgate.override WHERE id = p_id;
  IF NOT found THEN
    RAISE EXCEPTION 'There is no override "%".', p_id USING ERRCODE = 'RG404';
  END IF;
  IF v_old.version <> p_version THEN
    RAISE EXCEPTION 'The override has changed in the meantime: it is now at version %.', v_old.version USING ERRCODE = 'RG412';
  END IF;
  RETURN v_old;
END $$;

COMMENT ON FUNCTION rollgate.override_at IS 'An override, if it is at the given version. Errors: RG404, RG412';
