CREATE OR REPLACE FUNCTION rollgate.note_freeing() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rollgate.freeing VALUES (NEW.subject, NEW.at);
  RETURN NULL;
END $$;

COMMENT ON FUNCTION rollgate.note_freeing IS 'Keeps the time of each refund and reset, for rechecking denials';
