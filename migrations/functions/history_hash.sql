-- The row is hashed as JSON, so that different rows never produce the same text. Times are in microseconds, so that the session's
-- time zone has no effect. A row that belongs to no batch is hashed as before batches existed.
CREATE OR REPLACE FUNCTION rollgate.history_hash(h rollgate.history) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to((jsonb_build_array(
    h.previous_hash, h.id, (extract(epoch FROM h.at) * 1000000)::bigint, h.kind, h.action, h.target, h.account, h.actor, h.role,
    h.address, h.request_id, h.before, h.after, h.reason, h.ticket, h.undoes)
    || CASE WHEN h.batch IS NULL THEN '[]' ELSE jsonb_build_array(h.batch) END)::text, 'UTF8')), 'hex')
$$;

COMMENT ON FUNCTION rollgate.history_hash IS 'SHA-256 in hex of a history row and the hash of the previous row';
