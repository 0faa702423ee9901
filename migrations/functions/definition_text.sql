-- Two applications that register the same API must agree on this. Titles and messages are not part of it.
CREATE OR REPLACE FUNCTION rollgate.definition_text(c rollgate.catalogue) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('[%s], %s per minute, %s per hour, group %s%s', array_to_string(c.level, ', '), c.shipped_per_minute, c.shipped_per_hour,
    c.group_id, CASE WHEN c.scope = 'group' THEN ' (counted together)' ELSE '' END)
$$;

COMMENT ON FUNCTION rollgate.definition_text IS
  'What decides how calls of an API are counted, as text: level, limits as registered, group and scope';
