-- Reverses rollgate.encode_part, and is in plpgsql for the same reason.
CREATE OR REPLACE FUNCTION rollgate.decode_part(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF position('%' IN p_text) = 0 THEN
    RETURN p_text;
  END IF;
  RETURN (
    SELECT string_agg(CASE WHEN m[1] ~ '^%[0-9A-F]{2}$' THEN chr(('x' || substr(m[1], 2))::bit(8)::int) ELSE m[1] END, '' ORDER BY ord)
    FROM regexp_matches(p_text, '%[0-9A-F]{2}|[^%]+|%', 'g') WITH ORDINALITY AS r (m, ord));
END $$;

COMMENT ON FUNCTION rollgate.decode_part IS 'Decodes an account or a value from its form in a subject''s key';
