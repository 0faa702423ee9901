-- Takes refunds of rolled hours off the sums. Peaks stay: they were reached.
CREATE OR REPLACE FUNCTION rollgate.roll_up_refunds(p_rolled_to timestamptz) RETURNS int
LANGUAGE sql VOLATILE AS $$
  WITH gone AS (
    DELETE FROM rollgate.usage_refund f WHERE f.minute < rollgate.hour_number(p_rolled_to) * 60 RETURNING f.*
  ),
  refunded AS MATERIALIZED (
    SELECT s.id AS series, date_trunc('hour', to_timestamp(g.minute * 60::float8), 'UTC') AS hour, sum(g.units) AS units
    FROM gone g
    JOIN rollgate.usage_series s ON s.account = rollgate.decode_part(split_part(g.subject, '/', 1))
      AND s.api = split_part(g.subject, '/', 2)
    GROUP BY 1, 2
  ),
  hours AS (
    UPDATE rollgate.usage_hour u SET admitted = u.admitted - r.units FROM refunded r WHERE u.series = r.series AND u.hour = r.hour
  ),
  days AS (
    UPDATE rollgate.usage_day u SET admitted = u.admitted - r.units
    FROM (SELECT f.series, (f.hour AT TIME ZONE 'UTC')::date AS day, sum(f.units) AS units FROM refunded f GROUP BY 1, 2) r
    WHERE u.series = r.series AND u.day = r.day
  )
  SELECT count(*)::int FROM gone
$$;

COMMENT ON FUNCTION rollgate.roll_up_refunds IS
  'Takes refunds of hours before p_rolled_to off usage by hour and by day; returns how many there were';
