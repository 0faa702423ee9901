-- Returns one subject for each account and API that has this value in a dimension.
CREATE OR REPLACE FUNCTION rollgate.find_subjects(p_value text, p_limit int) RETURNS TABLE (account text, api text, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ON (f.account, f.api) f.account, f.api, f.subject FROM (
    (SELECT rollgate.decode_part(split_part(c.subject, '/', 1)) AS account, rollgate.api_of_scope(split_part(c.subject, '/', 2)) AS api,
            c.subject
     FROM rollgate.counter c
     WHERE strpos(c.subject || ',', '=' || rollgate.encode_part(p_value) || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, e.api, e.subject FROM rollgate.limit_event e
     WHERE e.first_at > clock_timestamp() - interval '7 days'
       AND e.dimensions @> ANY (ARRAY(
         SELECT jsonb_build_object(d.name, p_value) FROM (SELECT DISTINCT unnest(c.level) AS name FROM rollgate.catalogue c) d))
     LIMIT 100)
  ) f
  WHERE NOT rollgate.is_internal(f.account)
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.find_subjects IS 'Subjects with this value in a dimension, live or denied in the last 7 days';
