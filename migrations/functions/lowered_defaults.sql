CREATE OR REPLACE FUNCTION rollgate.lowered_defaults(p_old rollgate.catalogue, p_new rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(l.item)
  FROM rollgate.default_limits(p_old) o CROSS JOIN rollgate.default_limits(p_new) n
  CROSS JOIN LATERAL rollgate.lowering(p_new.api, o.per_minute, n.per_minute, o.per_hour, n.per_hour) l (item)
$$;

COMMENT ON FUNCTION rollgate.lowered_defaults IS
  'Limits that fall when an API''s default limits change: items of rollgate.lowering; NULL: none';
