CREATE OR REPLACE FUNCTION rollgate.utc(p_at timestamptz, p_format text DEFAULT 'YYYY-MM-DD HH24:MI:SS') RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(p_at AT TIME ZONE 'UTC', p_format) || ' UTC'
$$;

COMMENT ON FUNCTION rollgate.utc IS 'A time as text in UTC, for messages';
