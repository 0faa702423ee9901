CREATE OR REPLACE FUNCTION rollgate.need_limits_role(p_by rollgate.author) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role) THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_limits_role IS 'Refuses (RG403) a role that may change no limit';
