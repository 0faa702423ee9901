-- A key's scope is an API, or a group whose APIs are counted together. The limits of a group are those of its first API.
CREATE OR REPLACE FUNCTION rollgate.api_of_scope(p_scope text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_scope NOT LIKE '@%' THEN p_scope ELSE (
    SELECT c.api FROM rollgate.catalogue c WHERE c.scope = 'group' AND '@' || c.group_id = p_scope ORDER BY c.ord LIMIT 1) END
$$;

COMMENT ON FUNCTION rollgate.api_of_scope IS 'The API whose limits apply to the scope of a key, e.g. publish-bot or @data-access';
