-- Keeps a ring of the last 256 seconds in which an instance called. After a jump ahead of the clock some seconds are missing.
CREATE OR REPLACE FUNCTION rollgate.note_second(p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_slot int := floor(extract(epoch FROM p_now))::bigint % 256;
BEGIN
  IF EXISTS (SELECT FROM rollgate.second_seen WHERE slot = v_slot AND date_trunc('second', at) = date_trunc('second', p_now)) THEN
    RETURN;
  END IF;
  INSERT INTO rollgate.second_seen AS s VALUES (v_slot, p_now) ON CONFLICT (slot) DO UPDATE SET at = excluded.at;
END $$;

COMMENT ON FUNCTION rollgate.note_second IS 'Records that an instance called in this second';
