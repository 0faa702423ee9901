-- Creates an override. p_spec names columns of rollgate.override (account, group_id, api, subject, per_minute, per_hour, factor,
-- extra_minute, extra_hour, mode, starts_at, expires_at, reason, ticket, request_id), backdated (starts_at may be in the past), and
-- allow_lowering. A limit that it leaves out keeps its effective value; a limit given as null is the default.
CREATE OR REPLACE FUNCTION rollgate.create_override(
  p_spec jsonb,
  p_by   rollgate.author,
  OUT changed rollgate.override,  -- with the history_id of this change
  OUT lowered jsonb               -- the limits that it lowers: items of rollgate.lowering; NULL: none
)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.changed, a.lowered FROM rollgate.open_ledger(true) l CROSS JOIN LATERAL rollgate.add_override(p_spec, p_by, l) a
$$;

COMMENT ON FUNCTION rollgate.create_override IS
  'Creates an override; p_spec names columns of rollgate.override (a limit left out keeps its effective value, null is the default), '
  'backdated and allow_lowering. Errors: RG403 above the approval limit, RG404, RG409 it lowers a limit in force, RG422';
