-- Inlined, so that it finds the index of rollgate.counter. There are 65,536 hashes: an index of more would grow for ever with values
-- that occur once, because GIN never forgets a key.
CREATE OR REPLACE FUNCTION rollgate.value_hashes(p_subject text) RETURNS int[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN strpos(p_subject, ',') = 0 THEN ARRAY[hashtext(split_part(p_subject, '=', -1)) & 65535]
    ELSE ARRAY[hashtext(split_part(split_part(p_subject, ',', -1), '=', -1)) & 65535,
               hashtext(split_part(split_part(p_subject, ',', -2), '=', -1)) & 65535,
               hashtext(split_part(split_part(p_subject, ',', -3), '=', -1)) & 65535] END
$$;

COMMENT ON FUNCTION rollgate.value_hashes IS 'Short hashes of the values of a subject''s last three dimensions';
