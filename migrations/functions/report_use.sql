-- p_uses: [{id, at_ms, peak_minute, peak_hour, needed}]
CREATE OR REPLACE FUNCTION rollgate.report_use(p_uses jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO rollgate.override_use AS u
  SELECT t.id, to_timestamp(t.at_ms / 1000.0), to_timestamp(t.at_ms / 1000.0), t.peak_minute, t.peak_hour,
         CASE WHEN t.needed THEN to_timestamp(t.at_ms / 1000.0) END
  FROM jsonb_to_recordset(p_uses) AS t (id text, at_ms float8, peak_minute int, peak_hour int, needed boolean)
  JOIN rollgate.override o ON o.id = t.id
  ORDER BY t.id
  ON CONFLICT (override_id) DO UPDATE SET
    last_used_at = greatest(u.last_used_at, excluded.last_used_at), peak_minute = greatest(u.peak_minute, excluded.peak_minute),
    peak_hour = greatest(u.peak_hour, excluded.peak_hour), needed_at = greatest(u.needed_at, excluded.needed_at)
$$;

COMMENT ON FUNCTION rollgate.report_use IS 'An instance reports which overrides had an effect on calls since its last report';
