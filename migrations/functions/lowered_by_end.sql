CREATE OR REPLACE FUNCTION rollgate.lowered_by_end(p_override rollgate.override, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_ended rollgate.override := p_override;
BEGIN
  v_ended.expires_at := p_now;
  RETURN (
    SELECT jsonb_agg(l.item ORDER BY c.ord, l.item ->> 'window' DESC)
    FROM rollgate.override_effects(v_ended, p_now) e
    JOIN rollgate.catalogue c ON c.api = e.api
    CROSS JOIN LATERAL rollgate.lowering(e.api, e.minute_before, e.minute_after, e.hour_before, e.hour_after) l (item)
    WHERE e.at = p_now
  );
END $$;

COMMENT ON FUNCTION rollgate.lowered_by_end IS 'Limits that fall when this override ends at p_now: items of rollgate.lowering; NULL: none';
