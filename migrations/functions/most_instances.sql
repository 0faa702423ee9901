CREATE OR REPLACE FUNCTION rollgate.most_instances() RETURNS int
LANGUAGE sql VOLATILE AS $$
  SELECT greatest(
    (SELECT count(*) FROM rollgate.instance),
    (SELECT max(p.instances) FROM rollgate.instance_peak p, (SELECT floor(extract(epoch FROM clock_timestamp()) / 60)::int AS minute) now
     WHERE p.minute BETWEEN now.minute - 60 AND now.minute + 1)
  )::int
$$;

COMMENT ON FUNCTION rollgate.most_instances IS 'Highest number of instances running at once within the last hour, including now';
