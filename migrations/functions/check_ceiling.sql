-- Refuses what is above the role's approval limit.
CREATE OR REPLACE FUNCTION rollgate.check_ceiling(p_override rollgate.override, p_by rollgate.author) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_ceiling rollgate.ceiling;
  v_minute  bigint;
  v_hour    bigint;
BEGIN
  SELECT * INTO v_ceiling FROM rollgate.ceiling WHERE role = p_by.role;
  IF NOT found THEN
    RAISE EXCEPTION 'The role % may not change limits.', coalesce(p_by.role, '(none)') USING ERRCODE = 'RG403';
  END IF;
  SELECT d.per_minute, d.per_hour INTO v_minute, v_hour FROM rollgate.least_default d
  WHERE d.group_id IS NOT DISTINCT FROM p_override.group_id AND d.api IS NOT DISTINCT FROM p_override.api;
  IF v_minute IS NULL THEN
    RAISE EXCEPTION 'There is no API or group "%".', coalesce(p_override.api, p_override.group_id) USING ERRCODE = 'RG404';
  END IF;
  IF p_override.per_minute > v_minute * v_ceiling.times OR p_override.per_hour > v_hour * v_ceiling.times THEN
    RAISE EXCEPTION 'The role % may grant up to % units a minute and % units an hour in this scope: % times the default.',
      p_by.role, v_minute * v_ceiling.times, v_hour * v_ceiling.times, v_ceiling.times
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  IF p_override.factor > v_ceiling.times THEN
    RAISE EXCEPTION 'The role % may grant up to % times the default.', p_by.role, v_ceiling.times
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  -- Allow a minute for different clocks and for the time a form takes.
  IF v_ceiling.days IS NOT NULL
    AND coalesce(p_override.expires_at, 'infinity') > clock_timestamp() + make_interval(days => v_ceiling.days, mins => 1) THEN
    RAISE EXCEPTION 'The role % may grant up to % days.', p_by.role, v_ceiling.days
      USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
  END IF;
  IF v_ceiling.times IS NOT NULL AND p_override.mode = 'shadow' THEN
    RAISE EXCEPTION 'The role % may not switch enforcement off.', p_by.role USING ERRCODE = 'RG403', DETAIL = 'ceiling',
      HINT = 'Ask an admin.';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_ceiling IS 'Refuses (RG403) an override above the approval limit of its author''s role';
