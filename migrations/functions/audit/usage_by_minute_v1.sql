CREATE OR REPLACE VIEW rollgate_audit.usage_by_minute_v1 AS
SELECT rollgate.decode_part(split_part(m.subject, '/', 1)) AS account, split_part(m.subject, '/', 2) AS api, m.subject,
       to_timestamp(m.minute * 60::float8) AS minute, m.sums[cardinality(m.sums)]::bigint AS units
FROM rollgate.minutes_on_record m
WHERE m.sums[cardinality(m.sums)] > 0;

COMMENT ON VIEW rollgate_audit.usage_by_minute_v1 IS
  'Units granted by subject and minute, including the current minute, as far back as minutes are kept (a day by default). On '
  'Postgres 18 a condition on subject finds its rows by index';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.account IS 'the account';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.api     IS 'the API; @group where a group is counted together';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.subject IS 'key of the counted subject';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.minute  IS 'start of the minute';
COMMENT ON COLUMN rollgate_audit.usage_by_minute_v1.units   IS 'units granted in it and not refunded';
