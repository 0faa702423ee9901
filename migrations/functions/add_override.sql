-- Requires the ledger's lock (rollgate.open_ledger). p_spec: as in rollgate.create_override.
CREATE OR REPLACE FUNCTION rollgate.add_override(
  p_spec   jsonb,
  p_by     rollgate.author,
  p_ledger rollgate.ledger,
  OUT changed rollgate.override,
  OUT lowered jsonb
)
LANGUAGE plpgsql AS $$
BEGIN
  changed := rollgate.new_override(p_spec, p_by, p_ledger);
  lowered := rollgate.lowered_by(changed, p_ledger.history_at);
  PERFORM rollgate.refuse_lowering(lowered, (p_spec ->> 'allow_lowering')::boolean);
  changed := rollgate.store_override(changed, lowered, p_by);
END $$;

COMMENT ON FUNCTION rollgate.add_override IS
  'Creates an override; returns it, and the limits that it lowers: items of rollgate.lowering; NULL: none';
