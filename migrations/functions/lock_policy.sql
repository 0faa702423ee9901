-- Keeps every other change waiting until the transaction ends, without being a change itself.
CREATE OR REPLACE FUNCTION rollgate.lock_policy() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT greatest(clock_timestamp(), l.history_at) FROM (SELECT history_at FROM rollgate.ledger FOR UPDATE) l
$$;

COMMENT ON FUNCTION rollgate.lock_policy IS 'Takes the ledger''s lock for the transaction, and returns the time of the changes that follow';
