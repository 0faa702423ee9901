-- What a policy file contains, one row for each item: edits of the catalogue, plans, assignments and overrides. Assignments and overrides
-- that have ended are left out. Overrides come in the order of their creation, which decides among overrides of the same scope.
CREATE OR REPLACE FUNCTION rollgate.policy_items(p_at timestamptz)
RETURNS TABLE (section text, id text, version int, changed_at timestamptz, changed_by text, facts jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'catalogue', c.api, c.version, c.changed_at, c.changed_by,
         rollgate.catalogue_facts(c) - ARRAY['title', 'group', 'groupTitle', 'level', 'scope', 'shippedPerMinute', 'shippedPerHour',
           'message', 'retiredAt', 'version']
  FROM rollgate.catalogue c
  WHERE c.per_minute IS NOT NULL OR c.per_hour IS NOT NULL OR c.shadow
  UNION ALL
  SELECT 'plans', p.id, p.version, p.changed_at, p.changed_by,
         rollgate.plan_facts(p) - ARRAY['retiredAt', 'version'] || jsonb_build_object('retired', p.retired_at IS NOT NULL)
  FROM rollgate.plan p
  UNION ALL
  SELECT 'assignments', a.id, a.version, a.changed_at, h.actor, rollgate.assignment_facts(a) - ARRAY['id', 'createdBy', 'version']
  FROM rollgate.plan_assignment a
  LEFT JOIN rollgate.history h ON h.id = a.history_id
  WHERE rollgate.unexpired(a.ends_at, p_at)
  UNION ALL
  SELECT o.* FROM (
    SELECT 'overrides', o.id, o.version, o.changed_at, h.actor,
           rollgate.override_facts(o) - ARRAY['id', 'scope', 'createdBy', 'requestId', 'version']
    FROM rollgate.override o
    LEFT JOIN rollgate.history h ON h.id = o.history_id
    WHERE rollgate.unexpired(o.expires_at, p_at) AND NOT rollgate.is_internal(o.account)
    ORDER BY o.created_in, length(o.id), o.id
  ) o
$$;

COMMENT ON FUNCTION rollgate.policy_items IS
  'Everything that staff have set and that is in force at p_at or later: the items of a policy file, who changed each last, and when';
