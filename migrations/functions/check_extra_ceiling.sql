-- Extra units count together with the limits to which they are added: of every API in the scope, at every moment, also of the subjects
-- that have an override of their own. An override of limits counts so too while extra units are in force, where it raises a limit.
CREATE OR REPLACE FUNCTION rollgate.check_extra_ceiling(p_new rollgate.override, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_times int := (SELECT c.times FROM rollgate.ceiling c WHERE c.role = p_by.role);
  v_extra boolean := rollgate.sets_extra(p_new.extra_minute, p_new.extra_hour);
  v_above text;
BEGIN
  IF v_times IS NULL OR NOT v_extra AND NOT EXISTS (
    SELECT FROM rollgate.override o
    WHERE o.account = p_new.account AND o.id <> p_new.id AND rollgate.sets_extra(o.extra_minute, o.extra_hour)
      AND rollgate.unexpired(o.expires_at, p_now)
  ) THEN
    RETURN;
  END IF;
  SELECT e.api INTO v_above
  FROM (
    SELECT NULL AS subject, NULL AS api
    UNION
    SELECT o.subject, o.api FROM rollgate.override o
    WHERE p_new.subject IS NULL AND o.account = p_new.account AND o.subject IS NOT NULL AND rollgate.unexpired(o.expires_at, p_now)
  ) s
  CROSS JOIN LATERAL rollgate.override_effects(p_new, p_now, s.subject) e
  JOIN rollgate.catalogue c ON c.api = e.api
  CROSS JOIN LATERAL rollgate.default_limits(c) d
  WHERE (s.api IS NULL OR s.api = e.api) AND rollgate.unexpired(p_new.expires_at, e.at)
    AND (e.minute_after > d.per_minute::bigint * v_times AND (v_extra AND e.source_after = p_new.id OR e.minute_after > e.minute_before)
      OR e.hour_after > d.per_hour::bigint * v_times AND (v_extra AND e.source_after = p_new.id OR e.hour_after > e.hour_before))
  ORDER BY c.ord LIMIT 1;
  IF found THEN
    PERFORM rollgate.refuse_above_ceiling(p_by, v_above);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.check_extra_ceiling IS
  'Refuses (RG403) an override by which limits and extra units together are above the approval limit of its author''s role';
