-- Keys write the characters of their own syntax, and invisible ones, as %XX. `encodeValue` in libs/limiter/src/subject/subject-key.ts is
-- the same rule; a test compares the two.
-- In plpgsql, because Postgres starts an executor for each call of a function in SQL that contains a query: 20 times as slow.
CREATE OR REPLACE FUNCTION rollgate.encode_part(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF p_text !~ '[%/,=*"\\\x01-\x1f\x7f]' THEN
    RETURN p_text;
  END IF;
  RETURN (
    SELECT string_agg(CASE WHEN m[1] ~ '^[%/,=*"\\\x01-\x1f\x7f]$' THEN '%' || upper(lpad(to_hex(ascii(m[1])), 2, '0')) ELSE m[1] END,
           '' ORDER BY ord)
    FROM regexp_matches(p_text, '[%/,=*"\\\x01-\x1f\x7f]|[^%/,=*"\\\x01-\x1f\x7f]+', 'g') WITH ORDINALITY AS r (m, ord));
END $$;

COMMENT ON FUNCTION rollgate.encode_part IS 'Encodes an account or a value into its form in a subject''s key';
