/** Several migrations at once, directly and through PgBouncer in transaction mode. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect, MIGRATIONS_OF_010, migrate, pendingMigrations, readSql } from '@rollgate/migrations';
import {
  createTestDatabase,
  findPgBouncer,
  type PgBouncer,
  startPgBouncer,
  type TestDatabase,
} from '@rollgate/testing';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(() => database.drop());

const locks = async () =>
  (
    await database.pool.query(
      `SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  ).rows;

/** Holds the lock, as a migration that hangs does. */
async function hold(): Promise<() => Promise<void>> {
  const holder = await connect({ databaseUrl: database.url, applicationName: 'stuck-job' });
  await holder.query('BEGIN; SELECT pg_advisory_xact_lock(7655283001)');
  return () => holder.end();
}

test('one that waits too long fails, names the holder, and has changed nothing', async () => {
  const release = await hold();
  try {
    const lines: string[] = [];
    const failed = migrate({ databaseUrl: database.url, lockTimeoutMs: 300, onProgress: (line) => lines.push(line) });
    await expect(failed).rejects.toThrow(
      /^another migration did not finish within 0\.3 s; nothing of the migration was applied; held by pid \d+, application stuck-job, user postgres, from 127\.0\.0\.1, idle in transaction, since \d{4}-.*pg_terminate_backend\(\d+\).*--lock-timeout$/,
    );
    expect(lines).toEqual([expect.stringMatching(/^waiting for another migration: pid \d+, application stuck-job/)]);
    const { rows } = await database.pool.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rollgate%'`);
    expect(rows).toEqual([]);
  } finally {
    await release();
  }
});

test('one that waits continues as soon as the other is done', async () => {
  const release = await hold();
  const waiting = migrate({ databaseUrl: database.url });
  await release();
  expect(await waiting).toEqual(['001-baseline']);
});

test('if a table stays in use the migration fails in time and names the session that uses it', async () => {
  await database.pool.query(`CREATE SCHEMA rollgate;
    CREATE TABLE rollgate.migration (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL)`);
  await database.pool.query(await readSql('test/0.1.0.sql'));
  for (const name of MIGRATIONS_OF_010)
    await database.pool.query('INSERT INTO rollgate.migration (timestamp, name) VALUES (1, $1)', [name]);
  const reader = await connect({ databaseUrl: database.url, applicationName: 'long-report' });
  await reader.query('BEGIN; SELECT FROM rollgate.override_history');
  try {
    await expect(migrate({ databaseUrl: database.url, lockTimeoutMs: 300 })).rejects.toThrow(
      /^a table of Rollgate stayed locked for 0\.3 s; nothing of the migration was applied; held by pid \d+, application long-report/,
    );
    expect(await pendingMigrations({ databaseUrl: database.url })).toEqual(['001-baseline']);
  } finally {
    await reader.end();
  }
  expect(await migrate({ databaseUrl: database.url })).toEqual(['001-baseline']);
});

const whenInstalled = findPgBouncer() === undefined ? test.skip : test;
if (findPgBouncer() === undefined)
  console.warn('SKIPPED: PgBouncer is not installed (node apps/dev/bin/test-servers.mjs)');

whenInstalled(
  'through PgBouncer two migrate at once, each migration is applied once, and no lock stays behind',
  async () => {
    let bouncer: PgBouncer | undefined;
    try {
      bouncer = await startPgBouncer({ url: database.url, poolSize: 3 });
      const databaseUrl = bouncer.through(database.url);
      const pending = await pendingMigrations({ databaseUrl, pooled: true });
      const both = [1, 2].map(() => migrate({ databaseUrl, pooled: true, lockTimeoutMs: 30_000 }));
      expect((await Promise.all(both)).flat()).toEqual(pending);
      expect(await locks()).toEqual([]);
      const began = Date.now();
      expect(await migrate({ databaseUrl, pooled: true })).toEqual([]);
      expect(Date.now() - began).toBeLessThan(5_000);
      // The session lock of 0.1.0 did this: the server session outlived the client that took the lock.
      expect(await pendingMigrations({ databaseUrl: database.url })).toEqual([]);
    } finally {
      await bouncer?.stop();
    }
  },
);
