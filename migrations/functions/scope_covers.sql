-- Whether the scope of an override or a limit request contains an API. Its subject, if it has one, is compared separately. Inlined.
CREATE OR REPLACE FUNCTION rollgate.scope_covers(
  p_scope_group text,  -- NULL: it is not for one group
  p_scope_api   text,  -- NULL: it is not for one API
  p_group       text,
  p_api         text
) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_scope_api IS NULL OR p_scope_api = p_api) AND (p_scope_group IS NULL OR p_scope_group = p_group)
$$;

COMMENT ON FUNCTION rollgate.scope_covers IS 'Whether a scope (an account, one group or one API) contains an API; inlined';
