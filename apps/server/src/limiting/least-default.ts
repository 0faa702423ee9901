/**
 * SQL: the lowest default limits of the APIs in a scope, `null` if there are none. Custom limits are compared with them.
 * `api` and `group` are SQL expressions; where one is null, the scope is not limited to an API or group. Retired APIs count
 * only where the scope is one of them.
 */
export function leastDefault({ api, group }: { api: string; group: string }): string {
  return `SELECT min(coalesce(c.per_minute, c.shipped_per_minute)) AS per_minute,
                 min(coalesce(c.per_hour, c.shipped_per_hour)) AS per_hour
          FROM rollgate.catalogue c
          WHERE (${api} IS NULL AND c.retired_at IS NULL OR c.api = ${api}) AND (${group} IS NULL OR c.group_id = ${group})`;
}

/** SQL: the lowest default limits in the scope of a row that has `api` and `group_id`, as `d`; 0 if there are none. */
export function leastDefaultOf(row: 'o' | 'r'): string {
  return `CROSS JOIN LATERAL (
    SELECT coalesce(least.per_minute, 0) AS default_minute, coalesce(least.per_hour, 0) AS default_hour
    FROM (${leastDefault({ api: `${row}.api`, group: `${row}.group_id` })}) least
  ) d`;
}
