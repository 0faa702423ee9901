import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** A change is in force on every instance within this time. */
const MOST_LAG_SECONDS = 2;

interface InstancesRow {
  readonly instances: number;
  readonly behind: string[];
  readonly lag: number | null;
  readonly unusual: string[];
}

/** Checks the running instances: whether each has the newest limits, and whether each enforces them normally. */
export async function checkInstances(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof InstancesRow]: InstancesRow[Column] }>(
    `SELECT count(*)::int AS instances,
            coalesce(array_agg(i.name) FILTER (WHERE i.policy_version < l.policy_version AND h.at < clock_timestamp() - make_interval(secs => $1)), '{}') AS behind,
            extract(epoch FROM max(clock_timestamp() - i.seen_at))::float8 AS lag,
            coalesce(array_agg(i.name || ': ' || i.mode) FILTER (WHERE i.mode <> 'normal'), '{}') AS unusual
     FROM rollgate.instance i CROSS JOIN rollgate.ledger l
     LEFT JOIN LATERAL (SELECT max(at) AS at FROM rollgate.history WHERE kind IN ('override', 'catalogue')) h ON true
     WHERE i.seen_at > clock_timestamp() - interval '10 seconds'`,
    [MOST_LAG_SECONDS + 2],
  );
  const { instances, behind, lag, unusual } = rows[0] as InstancesRow;
  // -1: no instance is running.
  const found = { name: 'instances', facts: { instances, behind, lagSeconds: lag ?? -1, unusual } };
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
    instances === 0
      ? 'no instance is running'
      : `${instances} with the newest limits, last report ${(lag ?? 0).toFixed(1)} s ago`;
  return { ...found, status: 'ok', detail };
}
