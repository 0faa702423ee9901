/**
 * SQL: the lowest default limits in the scope of a row that has `api` and `group_id`, as `d`. Custom limits are compared
 * with it.
 */
export function leastDefaultOf(row: 'o' | 'r'): string {
  return `CROSS JOIN LATERAL (
    SELECT coalesce(min(coalesce(c.per_minute, c.shipped_per_minute)), 0) AS default_minute,
           coalesce(min(coalesce(c.per_hour, c.shipped_per_hour)), 0) AS default_hour
    FROM rollgate.catalogue c
    WHERE (${row}.api IS NULL OR c.api = ${row}.api) AND (${row}.group_id IS NULL OR c.group_id = ${row}.group_id)
  ) d`;
}
