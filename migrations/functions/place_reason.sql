CREATE OR REPLACE FUNCTION rollgate.place_reason(p_place text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('another server has taken the database''s place (timeline %s)', split_part(p_place, '/', 2))
$$;

COMMENT ON FUNCTION rollgate.place_reason IS 'Reason of a quarantine that begins because the server changed';
