CREATE OR REPLACE FUNCTION rollgate.lowered_facts(p_lowered jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_lowered IS NULL THEN '{}' ELSE jsonb_build_object('lowered', p_lowered) END
$$;

COMMENT ON FUNCTION rollgate.lowered_facts IS 'For the history: limits that a change lowered, with its author''s confirmation; {}: none';
