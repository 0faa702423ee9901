CREATE OR REPLACE FUNCTION rollgate.refuse_above_ceiling(p_by rollgate.author, p_api text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_most record;
BEGIN
  SELECT l.times, d.per_minute::bigint * l.times AS per_minute, d.per_hour::bigint * l.times AS per_hour INTO v_most
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d JOIN rollgate.ceiling l ON l.role = p_by.role
  WHERE c.api = p_api;
  RAISE EXCEPTION 'The role % may grant up to % units a minute and % units an hour of %, extra units included: % times the default.',
    p_by.role, v_most.per_minute, v_most.per_hour, p_api, v_most.times
    USING ERRCODE = 'RG403', DETAIL = 'ceiling', HINT = 'Ask an admin.';
END $$;

COMMENT ON FUNCTION rollgate.refuse_above_ceiling IS
  'Refuses (RG403) what is above the approval limit of its author''s role for an API, with extra units';
