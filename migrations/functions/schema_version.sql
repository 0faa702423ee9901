-- Whether a program and this database fit together. A migration that programs depend on raises `version`; one that older
-- programs can not work with raises `serves` too, to the lowest version that a program may be written for.
CREATE OR REPLACE FUNCTION rollgate.schema_version(OUT version int, OUT serves int)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 2, 2
$$;

COMMENT ON FUNCTION rollgate.schema_version IS 'The version of the schema, and the lowest one that a program may be written for to work with it';
