CREATE OR REPLACE FUNCTION rollgate.hour_number(p_at timestamptz) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT floor(extract(epoch FROM p_at) / 3600)::int
$$;

COMMENT ON FUNCTION rollgate.hour_number IS 'Unix hour of a time; inlined';
