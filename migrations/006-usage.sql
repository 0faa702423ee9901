-- Looking at usage across subjects and accounts: what support sees. Nothing here locks, spends or writes.

-- The key's own syntax, and what no reader of a table can see, stands in keys as %XX (libs/limiter/src/subject.ts).
CREATE FUNCTION rollgate.decode_part(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN position('%' IN p_text) = 0 THEN p_text ELSE (
    SELECT string_agg(CASE WHEN m[1] ~ '^%[0-9A-F]{2}$' THEN chr(('x' || substr(m[1], 2))::bit(8)::int) ELSE m[1] END, '' ORDER BY ord)
    FROM regexp_matches(p_text, '%[0-9A-F]{2}|[^%]+|%', 'g') WITH ORDINALITY AS r (m, ord)) END
$$;

COMMENT ON FUNCTION rollgate.decode_part IS 'An account or a value as it stands in a subject''s key, as it was given';

CREATE FUNCTION rollgate.encode_part(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_text !~ '[%/,=*"\\\x01-\x1f\x7f]' THEN p_text ELSE (
    SELECT string_agg(CASE WHEN m[1] ~ '^[%/,=*"\\\x01-\x1f\x7f]$' THEN '%' || upper(lpad(to_hex(ascii(m[1])), 2, '0')) ELSE m[1] END, '' ORDER BY ord)
    FROM regexp_matches(p_text, '[%/,=*"\\\x01-\x1f\x7f]|[^%/,=*"\\\x01-\x1f\x7f]+', 'g') WITH ORDINALITY AS r (m, ord)) END
$$;

COMMENT ON FUNCTION rollgate.encode_part IS 'An account or a value as it stands in a subject''s key';

-- The API whose limits a key's scope goes by: itself, or of a group counted together its first one.
CREATE FUNCTION rollgate.api_of_scope(p_scope text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_scope NOT LIKE '@%' THEN p_scope ELSE (
    SELECT c.api FROM rollgate.catalogue c WHERE c.scope = 'group' AND '@' || c.group_id = p_scope ORDER BY c.ord LIMIT 1) END
$$;

COMMENT ON FUNCTION rollgate.api_of_scope IS 'The API whose limits apply to the scope of a key, e.g. publish-bot or @data-access';

-- One page of accounts that start with p_prefix and are known by traffic, an override or a request; on the first page the one
-- that is p_prefix comes first. Then in the order of keys:
-- each lane is looked through account by account, not subject by subject.
CREATE FUNCTION rollgate.find_accounts(p_prefix text, p_after text, p_limit int) RETURNS TABLE (key text, account text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  WITH RECURSIVE walk AS (
    SELECT g AS lane, 0 AS n, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = g AND c.subject >= greatest(p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C")
      ORDER BY c.subject LIMIT 1) AS key
    FROM generate_series(0, 63) g
    UNION ALL
    SELECT w.lane, w.n + 1, (
      SELECT split_part(c.subject, '/', 1) FROM rollgate.counter c
      WHERE c.lane = w.lane AND c.subject >= w.key || '0' COLLATE "C" ORDER BY c.subject LIMIT 1)
    FROM walk w
    WHERE w.n < p_limit AND starts_with(w.key, p_prefix)
  ),
  known AS (
    SELECT w.key FROM walk w
    UNION
    SELECT p_prefix WHERE EXISTS (
      SELECT FROM generate_series(0, 63) g CROSS JOIN LATERAL (
        SELECT FROM rollgate.counter c WHERE c.lane = g AND c.subject >= p_prefix || '/' COLLATE "C" AND c.subject < p_prefix || '0' COLLATE "C" LIMIT 1) x)
    UNION
    SELECT rollgate.encode_part(o.account) FROM rollgate.override o
    UNION
    SELECT rollgate.encode_part(r.account) FROM rollgate.limit_request r
  )
  SELECT k.key, rollgate.decode_part(k.key) FROM known k
  WHERE starts_with(k.key, p_prefix) AND k.key <> ''
    AND (p_after = '' OR k.key <> p_prefix AND k.key || '/' > p_after || '/' COLLATE "C") AND k.key NOT LIKE '\_rollgate%'
  ORDER BY k.key <> p_prefix, k.key || '/' COLLATE "C"
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.find_accounts IS 'Accounts whose key starts with p_prefix, one page after p_after';

-- Units by minute and scope in the last hour: what a chart draws. p_prefix: the account's key and a slash.
CREATE FUNCTION rollgate.usage_by_minute(p_lane int, p_prefix text, p_now timestamptz DEFAULT NULL)
RETURNS TABLE (minute int, scope text, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  WITH rows AS (
    SELECT b.subject, b.minute, b.sums[cardinality(b.sums)] AS units FROM rollgate.bucket b
    WHERE b.lane = p_lane AND b.subject >= p_prefix AND b.subject < left(p_prefix, -1) || '0' COLLATE "C"
    UNION ALL
    SELECT c.subject, c.minute, c.sums[cardinality(c.sums)] FROM rollgate.counter c
    WHERE c.lane = p_lane AND c.subject >= p_prefix AND c.subject < left(p_prefix, -1) || '0' COLLATE "C"
  )
  SELECT r.minute, split_part(r.subject, '/', 2), sum(r.units)
  FROM rows r
  WHERE r.minute > floor(extract(epoch FROM coalesce(p_now, clock_timestamp())) / 60)::int - 60
  GROUP BY 1, 2 ORDER BY 1, 2
$$;

COMMENT ON FUNCTION rollgate.usage_by_minute IS 'Units an account was granted, by minute and API, in the last 60 minutes';

-- Granted units by second since p_since, of subjects whose key starts with p_prefix.
CREATE FUNCTION rollgate.usage_by_second(p_lane int, p_prefix text, p_since timestamptz)
RETURNS TABLE (subject text, second int, units int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
  WITH rows AS (
    SELECT b.subject, b.minute, b.secs, b.sums FROM rollgate.bucket b
    WHERE b.lane = p_lane AND b.subject >= p_prefix AND starts_with(b.subject, p_prefix)
      AND b.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
    UNION ALL
    SELECT c.subject, c.minute, c.secs, c.sums FROM rollgate.counter c
    WHERE c.lane = p_lane AND c.subject >= p_prefix AND starts_with(c.subject, p_prefix)
      AND c.subject < left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1) COLLATE "C"
  )
  SELECT r.subject, r.minute * 60 + x.sec, (x.sum - coalesce(lag(x.sum) OVER (PARTITION BY r.subject, r.minute ORDER BY x.sec), 0))::int
  FROM rows r CROSS JOIN LATERAL unnest(r.secs, r.sums) AS x (sec, sum)
  WHERE r.minute >= floor(extract(epoch FROM p_since) / 60)::int
$$;

COMMENT ON FUNCTION rollgate.usage_by_second IS 'Units granted by second since p_since (as long as finished minutes are kept), of the subjects of a key prefix';

-- The most that was in each window at once since p_since, and in which subject.
CREATE FUNCTION rollgate.peak_usage(p_lane int, p_prefix text, p_since timestamptz)
RETURNS TABLE (subject text, peak_minute bigint, peak_hour bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH sums AS (
    SELECT u.subject,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS in_minute,
           sum(u.units) OVER (PARTITION BY u.subject ORDER BY u.second RANGE BETWEEN 3600 PRECEDING AND CURRENT ROW) AS in_hour
    FROM rollgate.usage_by_second(p_lane, p_prefix, p_since) u
  )
  SELECT s.subject, max(s.in_minute), max(s.in_hour) FROM sums s GROUP BY s.subject
$$;

COMMENT ON FUNCTION rollgate.peak_usage IS 'Peak of both rolling windows of each subject of a key prefix since p_since, as long as finished minutes are kept';

-- Subjects that have used p_least percent of a window or more, the fullest first. The totals a head holds bound what its windows
-- can hold, so nearly all heads are passed over without looking into their minutes.
CREATE FUNCTION rollgate.near_limit(p_least int, p_limit int, p_now timestamptz DEFAULT NULL)
RETURNS TABLE (subject text, account text, api text, minute_used int, minute_limit int, hour_used int, hour_limit int, source text, mode text, percent int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH clock AS (SELECT floor(extract(epoch FROM coalesce(p_now, clock_timestamp())))::int AS second),
  special AS (SELECT DISTINCT rollgate.encode_part(o.account) AS key FROM rollgate.override o
              WHERE o.expires_at IS NULL OR o.expires_at > clock_timestamp()),
  scopes AS (
    SELECT s.scope, c.api, d.per_minute, d.per_hour
    FROM (SELECT c.api AS scope FROM rollgate.catalogue c UNION SELECT '@' || c.group_id FROM rollgate.catalogue c WHERE c.scope = 'group') s
    JOIN rollgate.catalogue c ON c.api = rollgate.api_of_scope(s.scope)
    CROSS JOIN LATERAL rollgate.default_limits(c) d
  ),
  candidates AS MATERIALIZED (
    SELECT c.lane, c.subject, s.api, split_part(c.subject, '/', 1) AS key
    FROM rollgate.counter c
    JOIN scopes s ON s.scope = split_part(c.subject, '/', 2)
    WHERE c.minute >= (SELECT second FROM clock) / 60 - 61
      AND ((c.total - greatest(c.cleared, c.hour_start)) * 100 >= s.per_hour::bigint * p_least
        OR (c.total - greatest(c.cleared, c.prev_start)) * 100 >= s.per_minute::bigint * p_least
        OR split_part(c.subject, '/', 1) IN (SELECT key FROM special))
  ),
  counted AS (
    SELECT c.subject, c.key, c.api, w.minute_used, w.hour_used
    FROM candidates c
    CROSS JOIN LATERAL rollgate.peek(c.lane, ARRAY[c.subject], p_now) k
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.units) FILTER (WHERE u.second >= (k.now_ms / 1000) - 60), 0)::int AS minute_used, coalesce(sum(u.units), 0)::int AS hour_used
      FROM unnest(k.seconds, k.units) AS u (second, units)
    ) w
    WHERE w.hour_used > 0
  ),
  limited AS (
    SELECT c.subject, rollgate.decode_part(c.key) AS account, c.api, c.minute_used, l.per_minute, c.hour_used, l.per_hour, l.source, l.mode,
           greatest(c.minute_used::bigint * 100 / greatest(l.per_minute, 1), c.hour_used::bigint * 100 / greatest(l.per_hour, 1)) AS percent
    FROM counted c
    CROSS JOIN LATERAL rollgate.limits_for(rollgate.decode_part(c.key), c.api, c.subject) l
  )
  SELECT l.subject, l.account, l.api, l.minute_used, l.per_minute, l.hour_used, l.per_hour, l.source, l.mode, least(l.percent, 999)::int
  FROM limited l
  WHERE l.percent >= p_least AND l.account NOT LIKE '\_rollgate%'
  ORDER BY l.percent DESC, l.subject
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.near_limit IS 'Subjects at p_least percent of a window or above, the fullest first';

-- Subjects by the value of a dimension: a bot's id, a request's id. Of live counters, and of the denials of a week.
CREATE INDEX ON rollgate.limit_event USING gin (dimensions jsonb_path_ops);
CREATE INDEX ON rollgate.limit_event (request_id) WHERE request_id IS NOT NULL;

CREATE FUNCTION rollgate.find_subjects(p_value text, p_limit int) RETURNS TABLE (account text, api text, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ON (f.account, f.api) f.account, f.api, f.subject FROM (
    (SELECT rollgate.decode_part(split_part(c.subject, '/', 1)) AS account, rollgate.api_of_scope(split_part(c.subject, '/', 2)) AS api, c.subject
     FROM rollgate.counter c
     WHERE strpos(c.subject || ',', '=' || rollgate.encode_part(p_value) || ',') > 0
     LIMIT 100)
    UNION ALL
    (SELECT e.account, e.api, e.subject FROM rollgate.limit_event e
     WHERE e.first_at > clock_timestamp() - interval '7 days'
       AND e.dimensions @> ANY (ARRAY(SELECT jsonb_build_object(d.name, p_value) FROM (SELECT DISTINCT unnest(c.level) AS name FROM rollgate.catalogue c) d))
     LIMIT 100)
  ) f
  WHERE f.account NOT LIKE '\_rollgate%'
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.find_subjects IS 'Subjects with this value in a dimension, live or denied in the last 7 days';

-- What a customer may see of its own requests. p_id, p_denial: only that one; p_before: the number of the last one of the page before.
CREATE FUNCTION rollgate.requests_of(p_account text, p_id text DEFAULT NULL, p_denial text DEFAULT NULL, p_before bigint DEFAULT NULL, p_limit int DEFAULT 50)
RETURNS TABLE (
  number bigint, id text, account text, group_id text, api text, subject text, per_minute int, per_hour int, until timestamptz, reason text,
  asked_at timestamptz, state text, decided_at timestamptz, answer text, granted_per_minute int, granted_per_hour int, granted_until timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.number, r.id, r.account, r.group_id, r.api, r.subject, r.per_minute, r.per_hour, r.until, r.reason, r.asked_at, r.state, r.decided_at,
         r.answer, o.per_minute, o.per_hour, o.expires_at
  FROM rollgate.limit_request r
  LEFT JOIN rollgate.override o ON o.id = r.override_id
  -- What staff files among itself is not the customer's to read.
  WHERE r.account = p_account AND r.asked_by LIKE 'account:%' AND (p_id IS NULL OR r.id = p_id)
    AND (p_denial IS NULL OR r.denial_id = p_denial) AND (p_before IS NULL OR r.number < p_before)
  ORDER BY r.number DESC
  LIMIT p_limit
$$;

COMMENT ON FUNCTION rollgate.requests_of IS 'An account''s own limit requests with their answers, newest first';

SELECT rollgate.hand_over();

GRANT EXECUTE ON FUNCTION rollgate.requests_of(text, text, text, bigint, int) TO rollgate_runtime;

GRANT EXECUTE ON FUNCTION
  rollgate.find_accounts(text, text, int), rollgate.usage_by_minute(int, text, timestamptz), rollgate.usage_by_second(int, text, timestamptz),
  rollgate.find_subjects(text, int), rollgate.peak_usage(int, text, timestamptz), rollgate.near_limit(int, int, timestamptz), rollgate.encode_part(text),
  rollgate.decode_part(text), rollgate.api_of_scope(text)
  TO rollgate_admin_api;
