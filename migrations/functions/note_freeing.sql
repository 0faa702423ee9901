CREATE OR REPLACE FUNCTION rollgate.note_freeing() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rollgate.freeing (subject, at, history_id, actor) VALUES (NEW.subject, NEW.at, NEW.history_id, NEW.actor);
  RETURN NULL;
END $$;

COMMENT ON FUNCTION rollgate.note_freeing IS 'Keeps the time and the author of each refund and reset, for rechecking denials';
