/** Other engines than Postgres, as far as they can be recognized by what a real Postgres can be given. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPostgresLimiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Check } from '../src/cli/doctor/check.js';
import { rollgate } from './run-rollgate.js';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

async function doctor(): Promise<{ code: number | null; checks: readonly Check[] }> {
  const { code, stdout } = await rollgate(['doctor', '--json'], database.url);
  return { code, checks: (JSON.parse(stdout) as { checks: Check[] }).checks };
}

const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

describe.each([
  ['Amazon Aurora DSQL', 'CREATE SCHEMA sys; CREATE TABLE sys.iam_pg_role_mappings ()', /it has no locks/],
  [
    'Amazon Aurora PostgreSQL Limitless Database',
    'CREATE SCHEMA rds_aurora; CREATE VIEW rds_aurora.limitless_tables AS SELECT 1 AS one',
    /routers do not share advisory locks/,
  ],
])('%s is refused', (name, sql, reason) => {
  beforeEach(() => database.pool.query(sql));

  test('by doctor, which examines nothing else', async () => {
    const { code, checks } = await doctor();
    expect([code, checks.map((check) => [check.name, check.status, check.detail])]).toEqual([
      1,
      [['engine', 'error', name]],
    ]);
    expect(checks[0]?.meaning).toMatch(reason);
  });

  test('by migrate', async () => {
    const { code, stdout, stderr } = await rollgate(['migrate'], database.url);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`Rollgate does not run on ${name}: `);
    expect(stderr).toContain('Nothing was changed.');
  });

  test('by a limiter, which decides nothing', async () => {
    const limiter = createPostgresLimiter({ databaseUrl: database.url, janitor: false });
    try {
      await expect(limiter.start()).rejects.toThrow(reason);
      await expect(limiter.acquire({ account: 'acme', api: 'publish-bot' })).rejects.toThrow(reason);
    } finally {
      await limiter.close();
    }
  });
});

test('on Neon only synchronous_commit says whether a commit is durable', async () => {
  // The server of the tests runs without fsync and full_page_writes, as Neon does.
  const commits = async (value: string) => {
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(
      `ALTER DATABASE "${name}" SET neon.timeline_id = 'x'; ALTER DATABASE "${name}" SET synchronous_commit = ${value}`,
    );
    const { checks } = await doctor();
    expect(named(checks, 'engine')).toMatchObject({ status: 'ok', detail: 'Neon', facts: { engine: 'neon' } });
    return ['synchronous_commit', 'fsync', 'full_page_writes'].map((setting) => named(checks, setting)?.status);
  };
  expect(await commits('on')).toEqual(['ok', 'ok', 'ok']);
  expect(await commits('local')).toEqual(['error', 'ok', 'ok']);
});

test('on Aurora full_page_writes means nothing, and doctor says what to set', async () => {
  await database.pool.query(
    `CREATE FUNCTION public.aurora_version() RETURNS text LANGUAGE sql AS $$ SELECT '16.4.1' $$`,
  );
  const { checks } = await doctor();
  expect(named(checks, 'engine')).toMatchObject({ detail: 'Amazon Aurora PostgreSQL', facts: { engine: 'aurora' } });
  expect(['full_page_writes', 'fsync'].map((setting) => named(checks, setting)?.status)).toEqual(['ok', 'error']);
  const { stdout } = await rollgate(['doctor'], database.url);
  expect(stdout).toMatch(/^ok {8}engine {2,}Amazon Aurora PostgreSQL\n +\* use the cluster \(writer\) endpoint/m);
});
