-- Returns one subject for each account and API that has this value in one of its last dimensions: three of a live subject, two of one
-- that was denied.
-- In plpgsql with a plan for each call, which knows the time, and opens only the events of those days.
CREATE OR REPLACE FUNCTION rollgate.find_subjects(p_value text, p_limit int) RETURNS TABLE (account text, api text, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_since timestamptz := statement_timestamp() - interval '7 days';
  v_value text := rollgate.encode_part(p_value);
BEGIN
  RETURN QUERY
  SELECT DISTINCT ON (f.account, f.api) f.account, f.api, f.subject FROM (
    (SELECT rollgate.decode_part(split_part(c.subject, '/', 1)) AS account, rollgate.api_of_scope(split_part(c.subject, '/', 2)) AS api,
            c.subject
     FROM rollgate.counter c
     WHERE rollgate.value_hashes(c.subject) @> ARRAY[hashtext(v_value) & 65535]
       AND strpos(c.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, k.api, e.subject FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
     WHERE rollgate.value_hash(e.subject, -1) = hashtext(v_value) AND e.first_at > v_since
       AND strpos(e.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, k.api, e.subject FROM rollgate.limit_event_row e JOIN rollgate.event_class k ON k.id = e.class
     WHERE strpos(e.subject, ',') > 0 AND rollgate.value_hash(e.subject, -2) = hashtext(v_value) AND e.first_at > v_since
       AND strpos(e.subject || ',', '=' || v_value || ',') > 0
     LIMIT 100)
  ) f
  WHERE NOT rollgate.is_internal(f.account)
  LIMIT p_limit;
END $$;

COMMENT ON FUNCTION rollgate.find_subjects IS 'Subjects with this value in a dimension, live or denied in the last 7 days';
