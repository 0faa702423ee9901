CREATE OR REPLACE FUNCTION rollgate.preview_end(p_ids text[]) RETURNS TABLE (id text, lowered jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id, coalesce(rollgate.lowered_by_end(o, t.now), '[]')
  FROM (SELECT clock_timestamp() AS now) t
  JOIN rollgate.override o ON o.id = ANY (p_ids) AND rollgate.in_force(o.starts_at, o.expires_at, t.now)
$$;

COMMENT ON FUNCTION rollgate.preview_end IS
  'Limits that fall if each of these overrides ends now on its own: items of rollgate.lowering; an override that is not in force has '
  'no row';
