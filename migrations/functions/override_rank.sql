-- Returns the rank of an override among those that apply to a call: the highest one wins. A narrower scope ranks above a wider one, and
-- among equal scopes the newest override. `byRank` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two.
-- Inlined.
CREATE OR REPLACE FUNCTION rollgate.override_rank(
  p_group   text,
  p_api     text,
  p_subject text,
  p_order   bigint  -- increases with each override created
) RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY[CASE WHEN p_subject IS NOT NULL THEN 3 WHEN p_api IS NOT NULL THEN 2 WHEN p_group IS NOT NULL THEN 1 ELSE 0 END, p_order]
$$;

COMMENT ON FUNCTION rollgate.override_rank IS 'Rank of an override: {specificity, order of creation}; the highest one applies; inlined';
