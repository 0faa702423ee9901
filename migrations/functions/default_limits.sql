-- Returns the default limits in force now.
CREATE OR REPLACE FUNCTION rollgate.default_limits(c rollgate.catalogue, OUT per_minute int, OUT per_hour int)
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(c.per_minute, c.shipped_per_minute), coalesce(c.per_hour, c.shipped_per_hour)
$$;

COMMENT ON FUNCTION rollgate.default_limits IS 'An API''s default limits: as edited, or as shipped';
