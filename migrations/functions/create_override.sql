CREATE OR REPLACE FUNCTION rollgate.create_override(p_spec jsonb, p_by rollgate.author) RETURNS SETOF rollgate.override
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.* FROM rollgate.open_ledger(true) l CROSS JOIN LATERAL rollgate.add_override(p_spec, p_by, l) o
$$;

COMMENT ON FUNCTION rollgate.create_override IS
  'Creates an override; p_spec names columns of rollgate.override (a limit left out keeps its effective value, null is the default) '
  'and allow_lowering. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit in force, RG422';
