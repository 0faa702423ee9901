-- Drops the oldest month of usage_hour and denial_hour whose last hour is older than p_keep_days. Like rollgate.maintain_events, it does
-- not wait for a session that uses the tables.
CREATE OR REPLACE FUNCTION rollgate.drop_usage_month(p_keep_days int, p_now timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_parent text;
  v_name   text;
BEGIN
  SELECT p.relname, c.relname INTO v_parent, v_name
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE i.inhparent IN ('rollgate.usage_hour'::regclass, 'rollgate.denial_hour'::regclass) AND c.relname ~ '_\d{6}$'
    AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= p_now - p_keep_days * interval '1 day'
  ORDER BY right(c.relname, 6), c.relname
  LIMIT 1;
  IF v_name IS NOT NULL THEN
    EXECUTE format('LOCK TABLE ONLY rollgate.%I IN ACCESS EXCLUSIVE MODE', v_parent);
    EXECUTE format('LOCK TABLE rollgate.%I IN ACCESS EXCLUSIVE MODE NOWAIT', v_name);
    EXECUTE format('DROP TABLE rollgate.%I', v_name);
  END IF;
  RETURN v_name;
END $$;

COMMENT ON FUNCTION rollgate.drop_usage_month IS
  'Drops one partition of usage by hour that is past retention; returns its name; NULL: none is';
