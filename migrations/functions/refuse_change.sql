CREATE OR REPLACE FUNCTION rollgate.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rollgate.history is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

COMMENT ON FUNCTION rollgate.refuse_change IS 'Refuses to change or remove rows of the history';
