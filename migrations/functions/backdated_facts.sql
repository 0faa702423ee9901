CREATE OR REPLACE FUNCTION rollgate.backdated_facts(p_starts_at timestamptz, p_created_at timestamptz) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_starts_at < p_created_at THEN '{"backdated": true}' ELSE '{}' END::jsonb
$$;

COMMENT ON FUNCTION rollgate.backdated_facts IS
  'For the history: a policy file gave the item a start in the past, before which it was not in force; {}: it did not';
