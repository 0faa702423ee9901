-- Every rule that could set the limits of one subject of an API, in the order in which they are considered, and why each one applies or
-- not. The first row with the code `applies` sets the limits; a test compares it with rollgate.limits_for. Codes:
--   applies        it sets the limits
--   base           it is what the rule in `than` starts from: a factor multiplies it, extra units are added to it, and a window that
--                  the override leaves open keeps it
--   adds_nothing   its extra units change no limit: the limit is 0, or as high as a limit can be
--   less_specific  `than` has a narrower scope
--   older          `than` has the same scope, and is newer
--   only_mode      it sets no limit, and no extra units
--   other_subject  it is for another subject of the API
--   ended, not_started
--   assigned       the call brings this plan, but the account is assigned to the plan in `than`
--   no_row         the plan has no limit for the API
--   unknown_plan   the call brings a plan that does not exist
CREATE OR REPLACE FUNCTION rollgate.limit_candidates(
  p_account text,
  p_api     text,
  p_subject text,                       -- the subject's key; '': one without an override of its own
  p_at      timestamptz DEFAULT NULL,   -- NULL: now
  p_plan    text        DEFAULT NULL    -- the plan that the call brings
) RETURNS TABLE (
  place int, kind text, source text, group_id text, api text, subject text, set_minute int, set_hour int, factor numeric,
  extra_minute int, extra_hour int, mode text, starts_at timestamptz, ends_at timestamptz, per_minute int, per_hour int, code text,
  than text, sets_mode boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH asked AS (
    SELECT c.api, c.group_id, c.shadow, d.per_minute, d.per_hour, clock.at, rollgate.plan_in_force(p_account, clock.at) AS assigned,
           b.per_minute AS base_minute, b.per_hour AS base_hour
    FROM (SELECT coalesce(p_at, clock_timestamp()) AS at OFFSET 0) clock
    JOIN rollgate.catalogue c ON c.api = p_api
    CROSS JOIN LATERAL rollgate.default_limits(c) d
    CROSS JOIN LATERAL rollgate.base_limits(c.api, rollgate.plan_in_force(p_account, clock.at, p_plan)) b
  ),
  overrides AS MATERIALIZED (
    SELECT o.*, rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) AS rank,
           rollgate.sets_extra(o.extra_minute, o.extra_hour) AS is_extra,
           CASE
             WHEN s.state = 'expired' THEN 'ended'
             WHEN s.state = 'upcoming' THEN 'not_started'
             WHEN o.subject <> p_subject THEN 'other_subject'
             WHEN NOT rollgate.sets_limit(o.per_minute, o.per_hour, o.factor)
               AND NOT rollgate.sets_extra(o.extra_minute, o.extra_hour) THEN 'only_mode' END AS why
    FROM asked
    JOIN rollgate.override o ON o.account = p_account AND rollgate.scope_covers(o.group_id, o.api, asked.group_id, asked.api)
    CROSS JOIN LATERAL (SELECT rollgate.override_state(o.starts_at, o.expires_at, asked.at) AS state) s
  ),
  limiting AS (SELECT o.* FROM overrides o WHERE o.why IS NULL AND NOT o.is_extra ORDER BY o.rank DESC LIMIT 1),
  -- What applies without extra units.
  plain AS MATERIALIZED (
    SELECT rollgate.limit_under(asked.base_minute, l.per_minute, l.factor) AS per_minute,
           rollgate.limit_under(asked.base_hour, l.per_hour, l.factor) AS per_hour
    FROM asked LEFT JOIN limiting l ON true
  ),
  adding AS (
    SELECT o.id, o.rank,
           (rollgate.with_extra(y.per_minute, o.extra_minute), rollgate.with_extra(y.per_hour, o.extra_hour)) <> (y.per_minute, y.per_hour)
             AS changes
    FROM overrides o CROSS JOIN plain y WHERE o.why IS NULL AND o.is_extra ORDER BY o.rank DESC LIMIT 1
  ),
  raising AS (SELECT a.id FROM adding a WHERE a.changes),
  switching AS (
    SELECT o.id FROM overrides o WHERE o.mode IS NOT NULL AND (o.why IS NULL OR o.why = 'only_mode') ORDER BY o.rank DESC LIMIT 1
  ),
  held AS (
    SELECT a.plan, a.starts_at, a.ends_at,
           CASE rollgate.override_state(a.starts_at, a.ends_at, asked.at) WHEN 'expired' THEN 'ended' WHEN 'upcoming' THEN 'not_started' END
             AS why
    FROM asked JOIN rollgate.plan_assignment a ON a.account = p_account
    UNION ALL
    SELECT p_plan, NULL, NULL,
           CASE
             WHEN asked.assigned IS NOT NULL THEN 'assigned'
             WHEN NOT EXISTS (SELECT FROM rollgate.plan p WHERE p.id = p_plan) THEN 'unknown_plan' END
    FROM asked WHERE p_plan IS NOT NULL
  ),
  plan_rows AS MATERIALIZED (
    SELECT h.plan, h.starts_at, h.ends_at, l.group_id, l.api, l.per_minute, l.per_hour, l.factor,
           rollgate.plan_limit_rank(l.group_id, l.api) AS rank, coalesce(h.why, CASE WHEN l.plan IS NULL THEN 'no_row' END) AS why
    FROM asked CROSS JOIN held h
    LEFT JOIN rollgate.plan_limit l ON l.plan = h.plan AND rollgate.scope_covers(l.group_id, l.api, asked.group_id, asked.api)
  ),
  planned AS (SELECT p.plan, p.rank FROM plan_rows p WHERE p.why IS NULL ORDER BY p.rank DESC LIMIT 1),
  candidates AS (
    SELECT 'override' AS kind, o.id AS source, o.group_id, o.api, o.subject, o.per_minute AS set_minute, o.per_hour AS set_hour, o.factor,
           o.extra_minute, o.extra_hour, o.mode, o.starts_at, o.expires_at AS ends_at,
           CASE WHEN o.is_extra THEN rollgate.with_extra(y.per_minute, o.extra_minute)
             ELSE rollgate.limit_under(asked.base_minute, o.per_minute, o.factor) END AS per_minute,
           CASE WHEN o.is_extra THEN rollgate.with_extra(y.per_hour, o.extra_hour)
             ELSE rollgate.limit_under(asked.base_hour, o.per_hour, o.factor) END AS per_hour,
           coalesce(o.why, CASE
             WHEN o.id = w.id AND o.is_extra AND NOT a.changes THEN 'adds_nothing'
             WHEN o.id = w.id AND NOT o.is_extra AND r.id IS NOT NULL THEN 'base'
             WHEN o.id = w.id THEN 'applies'
             WHEN o.rank[1] < w.rank[1] THEN 'less_specific'
             ELSE 'older' END) AS code,
           CASE WHEN o.why IS NOT NULL THEN NULL WHEN o.id <> w.id THEN w.id WHEN NOT o.is_extra THEN r.id END AS than,
           coalesce(o.id = m.id, false) AS sets_mode, ARRAY[2, o.rank[1]] AS step, o.rank[2] AS tie
    FROM asked CROSS JOIN overrides o CROSS JOIN plain y LEFT JOIN limiting l ON true LEFT JOIN adding a ON true LEFT JOIN raising r ON true
    LEFT JOIN switching m ON true
    -- The override that sets the limits, or the one whose extra units are added.
    CROSS JOIN LATERAL (
      SELECT CASE WHEN o.is_extra THEN a.id ELSE l.id END AS id, CASE WHEN o.is_extra THEN a.rank ELSE l.rank END AS rank
    ) w
    UNION ALL
    SELECT 'plan', 'plan:' || p.plan, p.group_id, p.api, NULL, p.per_minute, p.per_hour, p.factor, NULL, NULL, NULL, p.starts_at, p.ends_at,
           rollgate.limit_under(asked.per_minute, p.per_minute, p.factor), rollgate.limit_under(asked.per_hour, p.per_hour, p.factor),
           coalesce(p.why, CASE
             WHEN p.rank < w.rank THEN 'less_specific'
             WHEN coalesce(l.id, r.id) IS NOT NULL THEN 'base'
             ELSE 'applies' END),
           CASE WHEN p.why = 'assigned' THEN 'plan:' || asked.assigned WHEN p.why IS NOT NULL THEN NULL
             WHEN p.rank < w.rank THEN 'plan:' || w.plan ELSE coalesce(l.id, r.id) END,
           false, ARRAY[1, CASE WHEN p.why IS NULL THEN p.rank + 1 ELSE 0 END], extract(epoch FROM p.starts_at)::bigint
    FROM asked CROSS JOIN plan_rows p LEFT JOIN planned w ON true LEFT JOIN limiting l ON true LEFT JOIN raising r ON true
    UNION ALL
    SELECT 'default', 'default', NULL, asked.api, NULL, asked.per_minute, asked.per_hour, NULL, NULL, NULL,
           CASE WHEN asked.shadow THEN 'shadow' ELSE 'enforced' END, NULL, NULL, asked.per_minute, asked.per_hour,
           CASE WHEN coalesce(w.plan, l.id, r.id) IS NOT NULL THEN 'base' ELSE 'applies' END,
           coalesce('plan:' || w.plan, l.id, r.id), m.id IS NULL, ARRAY[0, 0], 0
    FROM asked LEFT JOIN planned w ON true LEFT JOIN limiting l ON true LEFT JOIN raising r ON true LEFT JOIN switching m ON true
  )
  SELECT row_number() OVER (ORDER BY c.step DESC, c.tie DESC NULLS LAST, c.source)::int, c.kind, c.source, c.group_id, c.api, c.subject,
         c.set_minute, c.set_hour, c.factor, c.extra_minute, c.extra_hour, c.mode, c.starts_at, c.ends_at, c.per_minute,
         c.per_hour, c.code, c.than, c.sets_mode
  FROM candidates c
  ORDER BY 1
$$;

COMMENT ON FUNCTION rollgate.limit_candidates IS
  'Every override, limit of a plan and default that could set the limits of a subject of an API, in ranking order, with the limits that '
  'each would give, and a code for why it applies or not';
