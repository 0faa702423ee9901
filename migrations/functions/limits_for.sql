-- Returns the effective limits of one subject. Every instance applies the same rule (libs/limiter/src/policy); a test compares the
-- two. p_instead: as in rollgate.limits_under_plan.
CREATE OR REPLACE FUNCTION rollgate.limits_for(
  p_account text,
  p_api     text,
  p_subject text,                            -- the subject's key
  p_at      timestamptz       DEFAULT NULL,  -- NULL: now
  p_instead rollgate.override DEFAULT NULL,
  p_plan    text              DEFAULT NULL   -- the plan that the call brings
) RETURNS TABLE (per_minute int, per_hour int, source text, mode text)
LANGUAGE sql STABLE AS $$
  SELECT l.per_minute, l.per_hour, l.source, l.mode
  FROM (SELECT coalesce(p_at, clock_timestamp()) AS at OFFSET 0) clock
  CROSS JOIN LATERAL rollgate.limits_under_plan(p_account, p_api, p_subject, rollgate.plan_in_force(p_account, clock.at, p_plan),
    clock.at, p_instead) l
$$;

COMMENT ON FUNCTION rollgate.limits_for IS
  'Effective limits, their source and the mode of one subject of an API, now or at another time under the overrides and plans stored '
  'now; p_instead: as if this override were stored';
