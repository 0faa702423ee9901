CREATE OR REPLACE FUNCTION rollgate.refuse_lowering(
  p_lowered jsonb,            -- items of rollgate.lowering; NULL: none
  p_allowed boolean,
  p_count   int DEFAULT NULL  -- number of limits, if p_lowered has only the first of them
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  c_listed constant int := 3;
  v_count  int := coalesce(p_count, jsonb_array_length(p_lowered));
BEGIN
  IF p_lowered IS NULL OR coalesce(p_allowed, false) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'This lowers a limit that is in force: %.', (
      SELECT string_agg(i.item ->> 'text', '; ' ORDER BY i.n) || CASE
        WHEN v_count > c_listed THEN format('; and %s more', v_count - c_listed) ELSE '' END
      FROM jsonb_array_elements(p_lowered) WITH ORDINALITY i (item, n) WHERE i.n <= c_listed)
    USING ERRCODE = 'RG409', DETAIL = jsonb_build_object('lowering', p_lowered)::text, HINT = 'Confirm it with allow_lowering.';
END $$;

COMMENT ON FUNCTION rollgate.refuse_lowering IS
  'Refuses (RG409; DETAIL lists the limits) a change that lowers a limit, unless that is confirmed';
