-- Returns the number of instances by which this one divides what it may grant while the database is away: the highest number that
-- ran at once within the last hour. NULL: another instance still divides by less than the number running now, so this one may grant
-- nothing yet. Other instances raise their number within two polls. An instance that has not polled for 5 s is ignored, because it
-- has most likely stopped.
--
-- p_counted is the number the caller divides by now. A larger number is stored only once the caller sends it back, because the
-- answer may be lost. A smaller number is stored at once, because the caller may use it from the answer on.
CREATE OR REPLACE FUNCTION rollgate.count_instances(p_instance text, p_counted int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  v_minute  int := floor(extract(epoch FROM clock_timestamp()) / 60);
  v_live    int;
  v_most    int;
  v_counted int;
BEGIN
  -- Instances that begin to have a share, or get a larger one, run this one after another, so that each sees what the previous
  -- one has written.
  IF p_counted IS NULL OR p_counted > rollgate.most_instances() THEN
    PERFORM pg_advisory_xact_lock(7609, 0);
  END IF;
  v_live := (SELECT count(*) FROM rollgate.instance);
  v_most := rollgate.most_instances();
  IF NOT EXISTS (SELECT FROM rollgate.instance_peak WHERE minute = v_minute AND instances >= v_live) THEN
    INSERT INTO rollgate.instance_peak AS p VALUES (v_minute, v_live)
    ON CONFLICT (minute) DO UPDATE SET instances = greatest(p.instances, excluded.instances);
    DELETE FROM rollgate.instance_peak WHERE minute NOT BETWEEN v_minute - 60 AND v_minute + 1;
  END IF;
  IF p_counted IS NULL AND EXISTS (
    SELECT FROM rollgate.instance i
    WHERE i.id <> p_instance AND i.counted < v_live AND i.seen_at > clock_timestamp() - interval '5 seconds'
  ) THEN
    RETURN NULL;
  END IF;
  v_counted := least(p_counted, v_most);
  UPDATE rollgate.instance SET counted = v_counted WHERE id = p_instance AND counted IS DISTINCT FROM v_counted;
  RETURN v_most;
END $$;

COMMENT ON FUNCTION rollgate.count_instances IS
  'Most instances at once within the last hour; NULL: not all other instances have counted this one yet';
