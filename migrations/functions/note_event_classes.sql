-- Adds the classes and the instances of events that are not known yet. A class normally includes the route. Where an application gives
-- every call another route, there would be a class for each: after the first p_most, routes are stored with the events. Returns whether
-- that is so.
CREATE OR REPLACE FUNCTION rollgate.note_event_classes(p_events jsonb, p_most int DEFAULT 10000) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_many boolean := coalesce((SELECT max(k.id) > p_most FROM rollgate.event_class k), false);
BEGIN
  INSERT INTO rollgate.event_class (kind, api, group_id, level, window_name, mode, merged, route, key)
  SELECT DISTINCT ON (n.key) e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
         CASE WHEN NOT v_many THEN e.route END, n.key
  FROM jsonb_to_recordset(p_events) AS e (
    kind text, api text, group_id text, level text[], window_name text, mode text, merged text, route text)
  CROSS JOIN LATERAL (
    SELECT rollgate.event_class_key(e.kind, e.api, e.group_id, e.level, e.window_name, e.mode, coalesce(e.merged, 'second'),
             CASE WHEN NOT v_many THEN e.route END) COLLATE "C" AS key) n
  WHERE NOT EXISTS (SELECT FROM rollgate.event_class k WHERE k.key = n.key)
  ON CONFLICT (key) DO NOTHING;
  INSERT INTO rollgate.event_instance (name)
  SELECT DISTINCT e.instance COLLATE "C" FROM jsonb_to_recordset(p_events) AS e (instance text)
  WHERE NOT EXISTS (SELECT FROM rollgate.event_instance i WHERE i.name = e.instance COLLATE "C")
  ON CONFLICT (name) DO NOTHING;
  RETURN v_many;
END $$;

COMMENT ON FUNCTION rollgate.note_event_classes IS
  'Adds missing classes and instances of events; returns whether there are so many classes that routes belong to the events';
