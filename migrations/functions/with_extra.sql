-- The rule for one window. `limitsWithExtra` in libs/limiter/src/policy/resolve.ts is the same rule; a test compares the two. Extra units
-- do not lift a block. Inlined, if p_limit is a column of a subquery with OFFSET 0.
CREATE OR REPLACE FUNCTION rollgate.with_extra(
  p_limit int,  -- what applies without extra units
  p_extra int   -- extra units; NULL: none
) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_limit > 0 THEN least(p_limit + coalesce(p_extra, 0), 1000000000) ELSE p_limit END
$$;

COMMENT ON FUNCTION rollgate.with_extra IS 'One window''s limit with extra units; 0 stays 0; at most 1,000,000,000; inlined';
