CREATE OR REPLACE FUNCTION rollgate_audit.explain_denial(denial_id text)
RETURNS TABLE (
  id text, event_id text, number bigint, kind text, account text, api text, subject text, at timestamptz, "window" text, "limit" int,
  used int, cost int, source text, catalogue_version int, override_created_by text, override_reason text, override_ticket text,
  override_expires_at timestamptz, override_factor numeric, override_extra_minute int,
  override_extra_hour int, filled jsonb, allowed_again_at timestamptz, count int, mode text,
  route text, request_id text, sentence text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM rollgate.explain_denial($1)
$$;

COMMENT ON FUNCTION rollgate_audit.explain_denial IS
  'Explains one denial by its id (denialId in the 429 response), or one limit event, in columns and in one sentence; no row: the id '
  'is not on record';
