/** What a database contains of Rollgate, and whether the server can be used for it. Only reads. */
import { MIGRATIONS_OF_010, migrations } from '@rollgate/migrations';
import type { Queryable } from './queryable.js';

/** Names of migrations as in their file names, oldest first, e.g. `001-baseline`. */
export interface MigrationState {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied by a newer Rollgate than this one. */
  readonly unknown: readonly string[];
}

/** Decisions need these tables. They can be missing although all migrations are applied: dropped, or not restored. */
const NEEDED = ['counter', 'bucket', 'lane', 'freed'] as const;

/** The migrations of 0.1.0, which the baseline replaces. */
const OLD = MIGRATIONS_OF_010.map(fileName);

export async function readMigrationState(database: Queryable): Promise<MigrationState> {
  const known = migrations.map((Migration) => fileName(String(new Migration().name)));
  const applied = await readApplied(database);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name) && !OLD.includes(name)),
  };
}

/** Returns the names of the tables that decisions need and the database does not have. */
export async function readMissingTables(database: Queryable): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass('rollgate.' || name) IS NULL`,
    [NEEDED],
  );
  return rows.map(({ name }) => `rollgate.${name}`);
}

/** Whether the server accepts writes, and why not. */
export async function readWritable(database: Queryable): Promise<{ ok: true } | { ok: false; why: string }> {
  const { rows } = await database.query<{ standby: boolean; read_only: boolean }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::boolean AS read_only`,
  );
  if (rows[0]?.standby === true) return { ok: false, why: 'it is a standby: DATABASE_URL must lead to the primary' };
  if (rows[0]?.read_only === true) return { ok: false, why: 'it is read-only (default_transaction_read_only)' };
  return { ok: true };
}

async function readApplied(database: Queryable): Promise<string[]> {
  const table = await database.query<{ found: boolean }>(
    `SELECT to_regclass('rollgate.migration') IS NOT NULL AS found`,
  );
  if (table.rows[0]?.found !== true) return [];
  const { rows } = await database.query<{ name: string }>('SELECT name FROM rollgate.migration ORDER BY timestamp, id');
  return rows.map(({ name }) => fileName(name));
}

/** TypeORM requires 13 digits at the end of a migration's name. */
function fileName(name: string): string {
  return name.replace(/-\d{13}$/, '');
}
