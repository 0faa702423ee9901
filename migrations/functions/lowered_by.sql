-- Covers the time while the override is in force. That limits may fall again at its end needs no confirmation by its author. Each API
-- and window is listed once, at the first moment.
CREATE OR REPLACE FUNCTION rollgate.lowered_by(p_new rollgate.override, p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(f.item ORDER BY f.ord, f.item ->> 'window' DESC)
  FROM (
    SELECT DISTINCT ON (e.api, l.item ->> 'window') l.item, c.ord
    FROM rollgate.override_effects(p_new, p_now) e
    JOIN rollgate.catalogue c ON c.api = e.api
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after, nullif(e.at, p_now)) l (item)
    WHERE rollgate.unexpired(p_new.expires_at, e.at)
    ORDER BY e.api, l.item ->> 'window', e.at
  ) f
$$;

COMMENT ON FUNCTION rollgate.lowered_by IS
  'Limits that fall below their present or scheduled values while this override is in force: items of rollgate.lowering; NULL: none';
