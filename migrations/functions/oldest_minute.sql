-- APIs in rollgate.retention are kept longer than others, so their minutes count only where no other API is in p_scopes.
CREATE OR REPLACE FUNCTION rollgate.oldest_minute(p_scopes text[]) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT min(m.minute)
  FROM rollgate.minutes_on_record m LEFT JOIN rollgate.retention r ON r.api = split_part(m.subject, '/', 2)
  WHERE r.api IS NULL OR p_scopes <@ ARRAY(SELECT k.api FROM rollgate.retention k) AND r.api = ANY (p_scopes)
$$;

COMMENT ON FUNCTION rollgate.oldest_minute IS 'From which Unix minute on the calls of these scopes are on record; NULL: none are';
