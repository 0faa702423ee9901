-- Polled by every node; an identity can become visible after a later one, so nodes ask for a span of time, not an id.
CREATE OR REPLACE FUNCTION rollgate.recently_freed() RETURNS TABLE (id bigint, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.id, f.subject FROM rollgate.freed f WHERE f.at > clock_timestamp() - interval '15 seconds'
$$;

COMMENT ON FUNCTION rollgate.recently_freed IS 'Subjects freed in the last 15 seconds';
