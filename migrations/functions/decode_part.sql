-- Reverses rollgate.encode_part.
CREATE OR REPLACE FUNCTION rollgate.decode_part(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN position('%' IN p_text) = 0 THEN p_text ELSE (
    SELECT string_agg(CASE WHEN m[1] ~ '^%[0-9A-F]{2}$' THEN chr(('x' || substr(m[1], 2))::bit(8)::int) ELSE m[1] END, '' ORDER BY ord)
    FROM regexp_matches(p_text, '%[0-9A-F]{2}|[^%]+|%', 'g') WITH ORDINALITY AS r (m, ord)) END
$$;

COMMENT ON FUNCTION rollgate.decode_part IS 'Decodes an account or a value from its form in a subject''s key';
