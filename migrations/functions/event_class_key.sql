CREATE OR REPLACE FUNCTION rollgate.event_class_key(
  p_kind text, p_api text, p_group_id text, p_level text[], p_window_name text, p_mode text, p_merged text, p_route text
) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(p_kind, p_api, p_group_id, p_level, p_window_name, p_mode, p_merged, p_route)::text
$$;

COMMENT ON FUNCTION rollgate.event_class_key IS
  'The columns of an event class as one text, so that equal ones are found by an index; inlined';
