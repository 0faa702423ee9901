import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPostgresLimiter } from '@rollgate/limiter';
import { migrate } from '@rollgate/migrations';
import { createTestDatabase, type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '@rollgate/testing';
import pg from 'pg';
import type { Check } from '../src/cli/doctor/check.js';
import { checkClock } from '../src/cli/doctor/clock.js';
import { rollgate } from './run-rollgate.js';

// A server of its own, as durable as a real one: the shared one of the tests runs without fsync.
let folder: string;
let postgres: EmbeddedPostgres;
let client: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'data') });
  await migrate({ databaseUrl: postgres.url });
  client = new pg.Client(postgres.url);
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client?.end();
  await postgres?.stopImmediate();
  await rm(folder, { recursive: true, force: true });
});

interface Report {
  readonly ok: boolean;
  readonly database: string;
  readonly checks: readonly Check[];
}

async function doctor(databaseUrl = postgres.url): Promise<{ code: number | null; report: Report; wrong: Check[] }> {
  const { code, stdout } = await rollgate(['doctor', '--json'], databaseUrl);
  const report = JSON.parse(stdout) as Report;
  return { code, report, wrong: report.checks.filter(({ ok }) => !ok) };
}

/** The one thing that is wrong while `breaking` has been done. */
async function diagnosis({ breaking, repairing }: { breaking: string; repairing: string }): Promise<Check> {
  await client.query(breaking);
  try {
    const { code, report, wrong } = await doctor();
    expect([code, report.ok, wrong.length]).toEqual([1, false, 1]);
    return wrong[0] as Check;
  } finally {
    await client.query(repairing);
  }
}

test('a healthy database: everything looked at, exit 0', async () => {
  const { code, report } = await doctor();
  expect(code).toBe(0);
  expect(report).toMatchObject({ ok: true, database: `127.0.0.1:${postgres.port}/postgres` });
  const found = Object.fromEntries(report.checks.map(({ name, ok, facts }) => [name, { ok, facts }]));
  expect(found).toEqual({
    database: { ok: true, facts: { version: expect.stringMatching(/^\d+/) } },
    migrations: { ok: true, facts: { applied: expect.arrayContaining(['001-baseline']), pending: [], unknown: [] } },
    roles: { ok: true, facts: { missing: [], strangers: [], writers: [] } },
    nodes: { ok: true, facts: { nodes: 0, behind: [], lagSeconds: -1, unusual: [] } },
    clock: { ok: true, facts: { differenceMs: expect.any(Number), uncertaintyMs: expect.any(Number) } },
    isolation: { ok: true, facts: { value: 'read committed' } },
    synchronous_commit: { ok: true, facts: { value: 'on' } },
    fsync: { ok: true, facts: { value: 'on' } },
    full_page_writes: { ok: true, facts: { value: 'on' } },
    counters: {
      ok: true,
      facts: {
        counterBytes: expect.any(Number),
        bucketBytes: expect.any(Number),
        subjects: expect.any(Number),
        minutes: expect.any(Number),
      },
    },
  });
});

test('for people: a line each, and a last one', async () => {
  const { code, stdout, stderr } = await rollgate(['doctor'], postgres.url);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ok {5}database {2,}Postgres \d+\S* at 127\.0\.0\.1:\d+\/postgres$/m);
  expect(stdout).toMatch(/^ok {5}clock .* ms/m);
  expect(stdout).toMatch(/\n\nAll is well\.\n$/);
});

test('the size of the counters is the real one', async () => {
  const limiter = createPostgresLimiter({ databaseUrl: postgres.url, janitor: false, budgetMs: 20_000 });
  const bots = Array.from({ length: 5_000 }, (_, n) => ({ bot: `b-${n}` }));
  await Promise.all(bots.map((dimensions) => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions })));
  await limiter.close();
  await client.query('ANALYZE rollgate.counter');
  const counters = (await doctor()).report.checks.find(({ name }) => name === 'counters');
  expect(counters?.facts).toMatchObject({ subjects: 5_000 });
  expect(counters?.facts?.['counterBytes']).toBeGreaterThan(500_000);
  await client.query('TRUNCATE rollgate.counter');
});

test.each([
  ['isolation', `default_transaction_isolation = 'repeatable read'`, 'default_transaction_isolation', /read committed/],
  ['synchronous_commit', 'synchronous_commit = off', 'synchronous_commit', /set it to on/],
  ['database', 'default_transaction_read_only = on', 'default_transaction_read_only', /primary|writable/],
])('%s: %s is wrong, with what to do', async (name, assignment, setting, remedy) => {
  const check = await diagnosis({
    breaking: `ALTER DATABASE postgres SET ${assignment}`,
    repairing: `SET default_transaction_read_only = off; ALTER DATABASE postgres RESET ${setting}`,
  });
  expect(check).toMatchObject({ name, remedy: expect.stringMatching(remedy) });
});

test('a dropped table is wrong', async () => {
  const check = await diagnosis({
    breaking: 'ALTER TABLE rollgate.bucket RENAME TO bucket_away',
    repairing: 'ALTER TABLE rollgate.bucket_away RENAME TO bucket',
  });
  expect(check).toMatchObject({ name: 'counters', detail: 'rollgate.bucket missing' });
});

test('a migration of a newer Rollgate is wrong', async () => {
  const check = await diagnosis({
    breaking: `INSERT INTO rollgate.migration (timestamp, name) VALUES (9999999999999, '999-future-9999999999999')`,
    repairing: `DELETE FROM rollgate.migration WHERE timestamp = 9999999999999`,
  });
  expect(check).toMatchObject({ name: 'migrations', facts: { unknown: ['999-future'] } });
});

test('an empty database on a server without fsync: all of it is told at once, for people too', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    const { code, wrong } = await doctor(empty.url);
    expect(code).toBe(1);
    expect(wrong.map(({ name }) => name)).toEqual(['migrations', 'fsync', 'full_page_writes', 'counters']);
    for (const { remedy } of wrong) expect(remedy).toEqual(expect.any(String));
    const { stdout } = await rollgate(['doctor'], empty.url);
    expect(stdout).toMatch(/^WRONG {2}migrations .*\n +-> run "rollgate migrate"$/m);
    expect(stdout).toMatch(/\nSomething is wrong: migrations, fsync, full_page_writes, counters\.\n$/);
  } finally {
    await empty.drop();
  }
});

test('an unreachable database is a finding, without the password', async () => {
  const port = await freePort();
  const url = `postgres://me:secret@127.0.0.1:${port}/db`;
  const { code, report } = await doctor(url);
  expect(code).toBe(1);
  expect(report.checks).toEqual([
    {
      name: 'database',
      ok: false,
      detail: `cannot reach the database at 127.0.0.1:${port}/db: connection refused`,
      remedy: expect.any(String),
    },
  ]);
  expect(JSON.stringify(report)).not.toContain('secret');
});

test.each([
  [0, true, 0],
  [-900, true, 900],
  [-61_000, false, 61_000],
  [3_600_000, false, -3_600_000],
])('this clock off by %i ms: ok is %p', async (offMs, ok, differenceMs) => {
  const check = await checkClock(client, () => Date.now() + offMs);
  expect(check.ok).toBe(ok);
  expect(Math.abs(Number(check.facts?.['differenceMs']) - differenceMs)).toBeLessThan(90);
  expect(check.remedy === undefined).toBe(ok);
  if (!ok) expect(check.detail).toContain(differenceMs > 0 ? 'ahead of this machine' : 'behind this machine');
});
