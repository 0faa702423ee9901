-- Returns the place in `secs` and `sums` at which a grant is written in the second after `before`: the place of that second, or a new one
-- at the end. Valid only where no later second has units. Inlined.
CREATE OR REPLACE FUNCTION rollgate.grant_place(secs smallint[], before smallint) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT width_bucket(before, secs) + 1
$$;

COMMENT ON FUNCTION rollgate.grant_place IS 'Where in the arrays of a head row a grant of the current minute is written; inlined';
