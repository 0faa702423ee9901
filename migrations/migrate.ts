import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { Baseline001 } from './001-baseline.js';
import { type ConnectOptions, connect } from './connect.js';
import { bringOver, isFrom010 } from './from-0.1.0.js';

// Invariants: one migration is one transaction; a name once in rollgate.migration never runs again; two nodes that migrate at
// once take turns on an advisory lock, so the second finds nothing left to do.

/** Every migration, oldest first. */
export const migrations: ReadonlyArray<new () => MigrationInterface> = [Baseline001];

export interface MigrateOptions extends ConnectOptions {
  readonly onProgress?: (line: string) => void;
}

// Any constant of our own; it only has to differ from the lanes' lock class, which uses the two-integer key space.
const MIGRATION_LOCK = 7_655_283_001;

// The rule's plpgsql is tested on 15 and 18; older servers lack what it is written with.
const OLDEST_SERVER = 150_000;

/**
 * Brings the database up to date.
 * @returns the names of the migrations that this call applied, oldest first, e.g. `['001-counters']`
 * @throws DatabaseUnavailableError when the database cannot be reached
 */
export async function migrate({ onProgress = () => undefined, ...options }: MigrateOptions): Promise<string[]> {
  const client = await connect(options);
  try {
    const version = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    if (Number(version.rows[0]?.server_version_num) < OLDEST_SERVER)
      throw new Error('Rollgate needs Postgres 15 or newer');
    const lock = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1::bigint) AS taken', [
      MIGRATION_LOCK,
    ]);
    if (lock.rows[0]?.taken !== true) {
      onProgress('waiting for another node to finish migrating');
      await client.query('SELECT pg_advisory_lock($1::bigint)', [MIGRATION_LOCK]);
    }
    // TypeORM creates its bookkeeping table before the first migration runs, so the schema has to be there already.
    await client.query('CREATE SCHEMA IF NOT EXISTS rollgate');
    const carried = (await isFrom010(client)) ? [await bringOver(client)] : [];
    for (const name of carried) onProgress(`brought 0.1.0 over to ${name}`);
    return [...carried, ...(await runPending(options, onProgress))];
  } finally {
    // Ending the session releases the lock, also after an error.
    await client.end();
  }
}

/** The names of the migrations that the database still lacks, oldest first. Changes nothing. */
export async function pendingMigrations(options: ConnectOptions): Promise<string[]> {
  const client = await connect(options);
  try {
    const table = await client.query<{ found: boolean }>(
      `SELECT to_regclass('rollgate.migration') IS NOT NULL AS found`,
    );
    const applied =
      table.rows[0]?.found === true
        ? (await client.query<{ name: string }>('SELECT name FROM rollgate.migration')).rows
        : [];
    const known = new Set(applied.map((row) => row.name));
    return migrations
      .map((Migration) => String(new Migration().name))
      .filter((name) => !known.has(name))
      .map(shortName);
  } finally {
    await client.end();
  }
}

async function runPending({ databaseUrl }: ConnectOptions, onProgress: (line: string) => void): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema: 'rollgate',
    extra: { Client: sessionClient(pg.Client) },
    migrations: [...migrations],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
  });
  await dataSource.initialize();
  try {
    const applied = await dataSource.runMigrations();
    const names = applied.map((migration) => shortName(migration.name));
    for (const name of names) onProgress(`applied ${name}`);
    return names;
  } finally {
    await dataSource.destroy();
  }
}

/** TypeORM orders migrations by 13 digits at the end of the name; people know them by the file's name. */
function shortName(name: string): string {
  return name.replace(/-\d{13}$/, '');
}
