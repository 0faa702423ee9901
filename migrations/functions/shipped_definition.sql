CREATE OR REPLACE FUNCTION rollgate.shipped_definition(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(c.title, c.group_id, c.group_title, c.level, c.scope, c.shipped_per_minute, c.shipped_per_hour, c.message)
$$;

COMMENT ON FUNCTION rollgate.shipped_definition IS 'What applications register of an API: everything except edits by admins';
