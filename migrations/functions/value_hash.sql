-- p_field: -1 for the last dimension of the subject, -2 for the one before it. Inlined, so that it finds the indexes of
-- rollgate.limit_event_row.
CREATE OR REPLACE FUNCTION rollgate.value_hash(p_subject text, p_field int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT hashtext(split_part(split_part(p_subject, ',', p_field), '=', -1))
$$;

COMMENT ON FUNCTION rollgate.value_hash IS
  'Hash of the value of one of a subject''s last two dimensions; of the whole subject if it has none';
