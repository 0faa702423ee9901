import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** An instance opens these when it needs them, beside those that decide: readings and refunds 2, background work 3. */
const OPENED_WHEN_NEEDED = 5;

interface Row {
  readonly allowed: number;
  readonly sessions: number;
  readonly instances: number;
  /** Sessions of the instances' pools that are opened when needed. */
  readonly opened: number;
}

/** Checks whether Postgres accepts all connections that the running instances may open. */
export async function checkConnections(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    SELECT (SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)::int FROM pg_settings
            WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')) AS allowed,
           count(*)::int AS sessions,
           (SELECT count(*)::int FROM rollgate.instance WHERE seen_at > clock_timestamp() - interval '10 seconds') AS instances,
           count(*) FILTER (WHERE application_name IN ('rollgate-looks', 'rollgate-housekeeping')
                              AND datname = current_database())::int AS opened
    FROM pg_stat_activity WHERE backend_type = 'client backend'`);
  const { allowed, sessions, instances, opened } = rows[0] as Row;
  const needed = sessions + Math.max(0, instances * OPENED_WHEN_NEEDED - opened);
  const found = { name: 'connections', facts: { allowed, open: sessions, needed } };
  const detail = `${sessions} open, ${needed} when every instance uses all of its connections, ${allowed} allowed`;
  if (needed <= allowed) return { ...found, status: 'ok', detail };
  return {
    ...found,
    status: 'warning',
    detail,
    meaning: 'Instances will be refused connections when they need them.',
    remedy: [
      `ALTER SYSTEM SET max_connections = ${Math.ceil((needed * 1.25) / 10) * 10}; then restart Postgres`,
      'or fewer stripes of every instance, each of which takes one connection',
      'or a connection pooler, with pooled: true',
    ],
  };
}
