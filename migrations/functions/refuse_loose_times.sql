-- Postgres reads "tomorrow", "Dec 1" and a bare date as times, in the time zone of the session. None of them may set a limit's start
-- or end.
CREATE OR REPLACE FUNCTION rollgate.refuse_loose_times(p_spec jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_name text;
  v_text text;
BEGIN
  FOR v_name, v_text IN
    SELECT t.key, t.value FROM jsonb_each_text(p_spec) t
    WHERE t.key IN ('starts_at', 'expires_at', 'ends_at', 'until') AND t.value IS NOT NULL
  LOOP
    BEGIN
      IF v_text !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN
        RAISE invalid_datetime_format;
      END IF;
      PERFORM v_text::timestamptz;
    EXCEPTION WHEN data_exception THEN
      RAISE EXCEPTION '%: "%" is not a time like 2026-12-31T12:00:00Z, with an offset.', v_name, v_text USING ERRCODE = 'RG422';
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION rollgate.refuse_loose_times IS
  'Refuses (RG422) starts_at, expires_at, ends_at and until that are not ISO 8601 with seconds and an offset';
