-- Whether a program and this database work together. A migration that programs depend on raises `version`. A migration that breaks
-- older programs also raises `serves`, the lowest version that a program may be written for.
CREATE OR REPLACE FUNCTION rollgate.schema_version(OUT version int, OUT serves int)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 2, 2
$$;

COMMENT ON FUNCTION rollgate.schema_version IS
  'The version of the schema, and the lowest version that a program may be written for to work with it';
