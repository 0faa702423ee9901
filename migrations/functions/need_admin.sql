CREATE OR REPLACE FUNCTION rollgate.need_admin(p_by rollgate.author, p_what text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM rollgate.ceiling WHERE role = p_by.role AND times IS NULL) THEN
    RAISE EXCEPTION 'The role % may not change %.', coalesce(p_by.role, '(none)'), p_what USING ERRCODE = 'RG403';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.need_admin IS 'Refuses (RG403) a role that has an approval limit, or may change no limit';
