-- Records which server the database runs on. If it is not the previous one, a quarantine begins: the server may lack the last grants.
CREATE OR REPLACE FUNCTION rollgate.note_server(p_instance text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_place text := rollgate.server_place();
BEGIN
  IF EXISTS (SELECT FROM rollgate.server WHERE place = v_place) THEN
    RETURN;
  END IF;
  INSERT INTO rollgate.server (place) VALUES (v_place) ON CONFLICT DO NOTHING;
  -- If several instances notice at once, only one of them updates the row.
  UPDATE rollgate.server SET place = v_place WHERE place <> v_place;
  IF found THEN
    PERFORM rollgate.begin_quarantine(rollgate.place_reason(v_place), p_instance);
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.note_server IS 'Begins a quarantine when the database runs on another server than before';
