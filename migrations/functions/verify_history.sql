-- Returns the first row that differs from when it was written; NULL: there is none.
CREATE OR REPLACE FUNCTION rollgate.verify_history(
  OUT rows_checked bigint,
  OUT last_hash    text,
  OUT broken_id    bigint,
  OUT broken_why   text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH noted AS (SELECT history_id, history_hash FROM rollgate.ledger),
  walked AS (
    SELECT h.id, h.hash,
           CASE
             WHEN h.id <> coalesce(lag(h.id) OVER w, 0) + 1 THEN 'the row before it is missing'
             WHEN h.previous_hash <> coalesce(lag(h.hash) OVER w, '') THEN 'it does not follow the row before it'
             WHEN h.hash <> rollgate.history_hash(h) THEN 'it was changed after it was written'
           END AS why
    FROM rollgate.history h
    WINDOW w AS (ORDER BY h.id)
  ),
  broken AS (
    SELECT id, why FROM walked WHERE why IS NOT NULL
    UNION ALL
    SELECT noted.history_id, 'rows at the end are missing, or were added past the ledger'
    FROM noted
    LEFT JOIN LATERAL (SELECT id, hash FROM walked ORDER BY id DESC LIMIT 1) last ON true
    WHERE (noted.history_id, noted.history_hash) IS DISTINCT FROM (coalesce(last.id, 0), coalesce(last.hash, ''))
    ORDER BY 1
    LIMIT 1
  )
  SELECT (SELECT count(*) FROM walked), (SELECT history_hash FROM noted), (SELECT id FROM broken), (SELECT why FROM broken)
$$;

COMMENT ON FUNCTION rollgate.verify_history IS 'Checks the history''s hash chain; names the first row that breaks it';
