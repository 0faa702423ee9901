-- Returns n of a decision's id, <event>.<n>; NULL where the id has no number.
CREATE OR REPLACE FUNCTION rollgate.decision_number(p_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT sum((strpos('0123456789abcdefghijklmnopqrstuvwxyz', d.digit) - 1) * (36::numeric ^ (length(n.text) - d.place)))::bigint
  FROM (SELECT split_part(p_id, '.', 2) AS text) n
  CROSS JOIN LATERAL string_to_table(n.text, NULL) WITH ORDINALITY AS d (digit, place)
  WHERE n.text ~ '^[0-9a-z]{1,10}$'
$$;

COMMENT ON FUNCTION rollgate.decision_number IS 'The number of a decision within its event, from 1; NULL: the id is the event''s';
