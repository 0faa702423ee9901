CREATE OR REPLACE FUNCTION rollgate.catalogue_facts(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', c.api, 'title', c.title, 'group', c.group_id, 'groupTitle', c.group_title,
    'level', c.level, 'scope', c.scope,
    'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
    'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow, 'message', c.message,
    'retiredAt', to_char(c.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', c.version)
$$;

COMMENT ON FUNCTION rollgate.catalogue_facts IS 'The fields of an API that the history shows';
