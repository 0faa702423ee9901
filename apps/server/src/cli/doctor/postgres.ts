import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** The SQL is tested on Postgres 15 and 18. */
const OLDEST_MAJOR = 15;

interface ServerRow {
  readonly version: string;
  readonly major: number;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly lag: number | null;
}

export interface ServerCheck {
  readonly check: Check;
  /** A standby that follows a primary: it is read-only, and its unlogged tables cannot be read at all. */
  readonly standby: boolean;
}

export async function checkPostgres(database: Queryable, address: string): Promise<ServerCheck> {
  const { rows } = await database.query<{ [Column in keyof ServerRow]: ServerRow[Column] }>(`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
           current_setting('server_version_num')::int / 10000 AS major,
           pg_is_in_recovery() AS standby,
           current_setting('default_transaction_read_only')::boolean AS "readOnly",
           CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 END AS lag`);
  const { version, major, standby, readOnly, lag } = rows[0] as ServerRow;
  const found = { name: 'database', detail: `Postgres ${version} at ${address}`, facts: { version, standby } };
  if (major < OLDEST_MAJOR) {
    const remedy = [`upgrade Postgres to ${OLDEST_MAJOR} or newer`];
    return { check: { ...found, status: 'error', meaning: 'Migrations refuse this version.', remedy }, standby };
  }
  if (standby) {
    // -1: nothing has been replayed since the standby started.
    const facts = { ...found.facts, lastReplaySeconds: lag ?? -1 };
    const age = lag === null ? '' : `, its newest change is ${lag.toFixed(1)} s old`;
    const detail = `${found.detail}, a standby${age}`;
    return {
      check: {
        ...found,
        status: 'warning',
        facts,
        detail,
        meaning: 'Auditors may read here. Programs that decide or change limits need the primary.',
        remedy: ['point DATABASE_URL of applications and of the service to the primary'],
      },
      standby,
    };
  }
  if (!readOnly) return { check: { ...found, status: 'ok' }, standby };
  return {
    check: {
      ...found,
      status: 'error',
      detail: `${found.detail}, read-only`,
      meaning: 'No call can be allowed. Providers make a database read-only when its disk is full.',
      remedy: ['make room, or ALTER DATABASE … RESET default_transaction_read_only to make it writable'],
    },
    standby,
  };
}
