/**
 * SQL: joins the lowest default limits in the scope of a row that has `api` and `group_id`, as `d`; 0 if there are none.
 * Custom limits are compared with them.
 */
export function leastDefaultOf(row: 'o' | 'r'): string {
  return `LEFT JOIN rollgate.least_default least
    ON least.group_id IS NOT DISTINCT FROM ${row}.group_id AND least.api IS NOT DISTINCT FROM ${row}.api
  CROSS JOIN LATERAL (
    SELECT coalesce(least.per_minute, 0) AS default_minute, coalesce(least.per_hour, 0) AS default_hour
  ) d`;
}
