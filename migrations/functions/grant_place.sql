-- Returns the place in `secs` and `sums` at which a grant in second `sec` is written: the last one, or, if its second is older than `sec`,
-- a new one after it. Inlined.
CREATE OR REPLACE FUNCTION rollgate.grant_place(secs smallint[], sec smallint) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT cardinality(secs) + (secs[cardinality(secs)] < sec)::int
$$;

COMMENT ON FUNCTION rollgate.grant_place IS 'Where in the arrays of a head row a grant of the current minute is written; inlined';
