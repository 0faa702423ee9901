-- Custom limits are compared with these, and a role's approval limit is a multiple of them. Inlined.
CREATE OR REPLACE FUNCTION rollgate.least_default(
  p_group text,  -- the scope; NULL: it is not for one group
  p_api   text   -- NULL: it is not for one API
) RETURNS TABLE (per_minute int, per_hour int)
LANGUAGE sql STABLE AS $$
  SELECT min(d.per_minute), min(d.per_hour)
  FROM rollgate.catalogue c CROSS JOIN LATERAL rollgate.default_limits(c) d
  WHERE rollgate.scope_covers(p_group, p_api, c.group_id, c.api)
$$;

COMMENT ON FUNCTION rollgate.least_default IS
  'Lowest default limits of the APIs in the scope of an override or a limit request; NULL: the scope contains no API';
