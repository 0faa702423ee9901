-- Returns the default limits of an API in force now. Inlined.
CREATE OR REPLACE FUNCTION rollgate.default_limits(c rollgate.catalogue) RETURNS TABLE (per_minute int, per_hour int)
LANGUAGE sql IMMUTABLE AS $$
  SELECT rollgate.default_limit(c.per_minute, c.shipped_per_minute), rollgate.default_limit(c.per_hour, c.shipped_per_hour)
$$;

COMMENT ON FUNCTION rollgate.default_limits IS 'An API''s default limits: as edited, or as shipped; inlined';
