CREATE OR REPLACE FUNCTION rollgate.catalogue_facts(c rollgate.catalogue) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('api', c.api, 'group', c.group_id,
    'shippedPerMinute', c.shipped_per_minute, 'shippedPerHour', c.shipped_per_hour,
    'perMinute', c.per_minute, 'perHour', c.per_hour, 'shadow', c.shadow, 'version', c.version)
$$;
