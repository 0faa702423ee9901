CREATE OR REPLACE FUNCTION rollgate.refuse_lowering(p_lowered jsonb, p_allowed boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  c_listed constant int := 3;
BEGIN
  IF p_lowered IS NULL OR coalesce(p_allowed, false) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'This lowers a limit that is in force: %.', (
      SELECT string_agg(i.item ->> 'text', '; ' ORDER BY i.n) || CASE
        WHEN jsonb_array_length(p_lowered) > c_listed THEN format('; and %s more', jsonb_array_length(p_lowered) - c_listed) ELSE '' END
      FROM jsonb_array_elements(p_lowered) WITH ORDINALITY i (item, n) WHERE i.n <= c_listed)
    USING ERRCODE = 'RG409', DETAIL = jsonb_build_object('lowering', p_lowered)::text, HINT = 'Confirm it with allow_lowering.';
END $$;

COMMENT ON FUNCTION rollgate.refuse_lowering IS
  'Refuses (RG409; DETAIL lists the limits) a change that lowers a limit, unless that is confirmed';
