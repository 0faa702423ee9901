CREATE OR REPLACE FUNCTION rollgate.undo_needs_consent(p_done rollgate.history) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT (p_done.kind = 'override' AND p_done.before IS NULL)
$$;

COMMENT ON FUNCTION rollgate.undo_needs_consent IS
  'Whether limits that the undo of a change lowers need a confirmation. That the undo of a new override ends it is its name';
