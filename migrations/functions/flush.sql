-- Waits until what was committed before is as safe as the session's synchronous_commit promises: on this server's disk, and on that of a
-- synchronous standby. It writes a message to the WAL and commits, as a transaction that changed a row would. The commit waits until the
-- WAL up to there is flushed, and everything committed earlier comes before it in the WAL. Inlined.
CREATE OR REPLACE FUNCTION rollgate.flush(
  p_if_granted boolean DEFAULT false  -- true: only if the last batch of this session granted a call without waiting for the disk
) RETURNS pg_lsn
LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN NOT p_if_granted OR current_setting('rollgate.granted', true) = 'yes'
    THEN pg_logical_emit_message(true, 'rollgate', ''::text) END
$$;

COMMENT ON FUNCTION rollgate.flush IS
  'Waits, at its commit, until everything committed before is safe; with true only if this session''s last batch granted a call; inlined';
