CREATE OR REPLACE FUNCTION rollgate_audit.verify_history(
  OUT ok           boolean,
  OUT rows_checked bigint,
  OUT last_hash    text,
  OUT broken_id    bigint,
  OUT broken_why   text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.broken_id IS NULL, v.rows_checked, v.last_hash, v.broken_id, v.broken_why FROM rollgate.verify_history() v
$$;

COMMENT ON FUNCTION rollgate_audit.verify_history IS
  'Checks that the history is complete and unchanged, or names the first row that is not; compare last_hash with one you noted '
  'earlier';
