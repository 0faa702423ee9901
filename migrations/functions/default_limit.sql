-- The rule for one default limit of an API: an admin's edit replaces the limit that the programs ship. Inlined.
CREATE OR REPLACE FUNCTION rollgate.default_limit(p_edited int, p_shipped int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(p_edited, p_shipped)
$$;

COMMENT ON FUNCTION rollgate.default_limit IS 'A default limit: as edited, or as shipped; inlined';
