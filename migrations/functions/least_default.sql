-- Custom limits are compared with these, and a role's approval limit is a multiple of them. A group and the whole account leave out
-- retired APIs.
CREATE OR REPLACE VIEW rollgate.least_default AS
SELECT NULL AS group_id, c.api, rollgate.default_limit(c.per_minute, c.shipped_per_minute) AS per_minute,
       rollgate.default_limit(c.per_hour, c.shipped_per_hour) AS per_hour
FROM rollgate.catalogue c
UNION ALL
SELECT c.group_id, NULL, min(rollgate.default_limit(c.per_minute, c.shipped_per_minute)),
       min(rollgate.default_limit(c.per_hour, c.shipped_per_hour))
FROM rollgate.catalogue c
WHERE c.retired_at IS NULL
GROUP BY GROUPING SETS ((), (c.group_id));

COMMENT ON VIEW rollgate.least_default IS
  'Lowest default limits of the APIs in each scope of an override or a limit request: one API, one group, or (both NULL) all APIs';
