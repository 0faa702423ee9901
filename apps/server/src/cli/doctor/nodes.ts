import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** A change is in force on every instance within this time. */
const MOST_LAG_SECONDS = 2;

interface NodesRow {
  readonly nodes: number;
  readonly behind: string[];
  readonly lag: number | null;
  readonly unusual: string[];
}

/** Checks the running instances: whether each has the newest limits, and whether each enforces them normally. */
export async function checkNodes(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof NodesRow]: NodesRow[Column] }>(
    `SELECT count(*)::int AS nodes,
            coalesce(array_agg(n.name) FILTER (WHERE n.policy_version < l.policy_version AND h.at < clock_timestamp() - make_interval(secs => $1)), '{}') AS behind,
            extract(epoch FROM max(clock_timestamp() - n.seen_at))::float8 AS lag,
            coalesce(array_agg(n.name || ': ' || n.mode) FILTER (WHERE n.mode <> 'normal'), '{}') AS unusual
     FROM rollgate.node n CROSS JOIN rollgate.ledger l
     LEFT JOIN LATERAL (SELECT max(at) AS at FROM rollgate.history WHERE kind IN ('override', 'catalogue')) h ON true
     WHERE n.seen_at > clock_timestamp() - interval '10 seconds'`,
    [MOST_LAG_SECONDS + 2],
  );
  const { nodes, behind, lag, unusual } = rows[0] as NodesRow;
  // -1: no instance is running.
  const found = { name: 'nodes', facts: { nodes, behind, lagSeconds: lag ?? -1, unusual } };
  if (behind.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `${behind.join(', ')} behind the newest limits`,
      meaning: 'These instances decide by limits that have been changed since.',
      remedy: ['read their logs: they report why they cannot poll the database'],
    };
  }
  if (unusual.length > 0 && unusual.every((one) => one.endsWith(': quarantine'))) {
    return {
      ...found,
      status: 'warning',
      detail: unusual.join(', '),
      meaning:
        'Every instance grants half limits for 61 s: the clock of the database jumped ahead, or another server took its place.',
      remedy: ['SELECT * FROM rollgate_audit.quarantines_v1 ORDER BY id DESC LIMIT 1'],
    };
  }
  if (unusual.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: unusual.join(', '),
      meaning: 'These instances decide without the database, each with its share of a limit.',
      remedy: ['read their logs: they report why the database does not answer them'],
    };
  }
  const detail =
    nodes === 0
      ? 'no instance is running'
      : `${nodes} with the newest limits, last report ${(lag ?? 0).toFixed(1)} s ago`;
  return { ...found, status: 'ok', detail };
}
