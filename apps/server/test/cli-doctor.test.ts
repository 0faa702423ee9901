import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter } from '@rollgate/limiter';
import { migrate } from '@rollgate/migrations';
import { createTestDatabase, type EmbeddedPostgres, freePort, startEmbeddedPostgres, until } from '@rollgate/testing';
import pg from 'pg';
import type { Check, CheckStatus } from '../src/cli/doctor/check.js';
import { checkClock } from '../src/cli/doctor/clock.js';
import { rollgate } from './run-rollgate.js';

// This file uses its own server with normal durability: the tests' shared server runs without fsync.
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
  readonly status: CheckStatus;
  readonly database: string;
  readonly checks: readonly Check[];
}

async function doctor(databaseUrl = postgres.url): Promise<{ code: number | null; report: Report; wrong: Check[] }> {
  const { code, stdout } = await rollgate(['doctor', '--json'], databaseUrl);
  const report = JSON.parse(stdout) as Report;
  return { code, report, wrong: report.checks.filter(({ status }) => status !== 'ok') };
}

/** The only failed check after `breaking` has run. */
async function diagnosis({ breaking, repairing }: { breaking: string; repairing: string }): Promise<Check> {
  await client.query(breaking);
  try {
    const { code, report, wrong } = await doctor();
    expect([code, report.status, wrong.map(({ name }) => name)]).toEqual([1, 'error', [expect.any(String)]]);
    return wrong[0] as Check;
  } finally {
    await client.query(repairing);
  }
}

test('on a healthy database every check is ok and the exit code is 0', async () => {
  const { code, report } = await doctor();
  const found = Object.fromEntries(report.checks.map(({ name, status, facts }) => [name, { status, facts }]));
  const ok = (facts: object) => ({ status: 'ok', facts });
  expect(found).toEqual({
    database: ok({ version: expect.stringMatching(/^\d+/), standby: false }),
    engine: ok({ engine: 'postgres' }),
    session: ok({ pooled: false, settings: [] }),
    encryption: ok({ encrypted: false, remote: false, unencryptedSessions: [] }),
    migrations: ok({ applied: expect.arrayContaining(['001-baseline']), pending: [], unknown: [] }),
    roles: ok({ mode: 'own', missing: [], strangers: [], writers: [] }),
    logins: ok({ logins: [] }),
    groups: ok({ open: [] }),
    superusers: ok({ programs: [] }),
    auditors: ok({ logins: [], lacking: [] }),
    public: ok({ publicConnects: true, strangers: [], temporary: [], lockers: [] }),
    instances: ok({ instances: 0, behind: [], lagSeconds: -1, unusual: [] }),
    connections: ok({ allowed: 97, open: expect.any(Number), needed: expect.any(Number) }),
    lanes: ok({ workingBatches: 0, waitingBatches: 0, holders: [] }),
    clock: ok({ differenceMs: expect.any(Number), uncertaintyMs: expect.any(Number) }),
    synchronous_commit: ok({ value: 'on' }),
    fsync: ok({ value: 'on' }),
    full_page_writes: ok({ value: 'on' }),
    counters: ok({
      counterBytes: expect.any(Number),
      bucketBytes: expect.any(Number),
      subjects: expect.any(Number),
      minutes: expect.any(Number),
    }),
  });
  expect(code).toBe(0);
  expect(report).toMatchObject({ status: 'ok', database: `127.0.0.1:${postgres.port}/postgres` });
});

test('the output for people has one line per check and a summary line', async () => {
  const { code, stdout, stderr } = await rollgate(['doctor'], postgres.url);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ok {8}database {2,}Postgres \d+\S* at 127\.0\.0\.1:\d+\/postgres$/m);
  expect(stdout).toMatch(/^ok {8}clock .* ms/m);
  expect(stdout).toMatch(/\n\nNo problem found\.\n$/);
});

test('the reported size of the counters is the actual size', async () => {
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: postgres.url,
    janitor: false,
    budgetMs: 20_000,
  });
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
  ['synchronous_commit', 'synchronous_commit = off', 'synchronous_commit', /RESET synchronous_commit/],
  ['database', 'default_transaction_read_only = on', 'default_transaction_read_only', /writable/],
])('the check %s reports %s with a remedy', async (name, assignment, setting, remedy) => {
  const check = await diagnosis({
    breaking: `ALTER DATABASE postgres SET ${assignment}`,
    repairing: `SET default_transaction_read_only = off; ALTER DATABASE postgres RESET ${setting}`,
  });
  expect(check).toMatchObject({ name, meaning: expect.any(String), remedy: [expect.stringMatching(remedy)] });
});

test.each([
  ['on', '', /^A call is allowed when it is on the disk of this server; no synchronous standby is configured\.$/],
  ['local', '*', /on the disk of this server only; a failover to the standby may lose the last ones/],
  ['remote_write', '*', /in the memory of the synchronous standby's machine/],
  ['on', '*', /on the disks of this server and of the synchronous standby\.$/],
  ['remote_apply', '*', /where it can be read/],
])(
  'with synchronous_commit = %s and synchronous_standby_names = %j, the check says what that promises',
  async (value, names, promise) => {
    // A commit would wait for a standby, so the statements that set and reset this wait for none.
    await client.query(`SET synchronous_commit = local`);
    await client.query(`ALTER DATABASE postgres SET synchronous_commit = ${value}`);
    await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await client.query('SELECT pg_reload_conf()');
    const changed = async () =>
      (await client.query('SHOW synchronous_standby_names')).rows[0]?.synchronous_standby_names;
    await until(async () => (await changed()) === names, { what: 'the setting is in force' });
    try {
      const { report } = await doctor();
      const check = report.checks.find(({ name }) => name === 'synchronous_commit');
      expect(check).toMatchObject({ status: 'ok', facts: { value }, advice: [expect.stringMatching(promise)] });
    } finally {
      await client.query('ALTER SYSTEM RESET synchronous_standby_names');
      await client.query('SELECT pg_reload_conf()');
      await client.query('ALTER DATABASE postgres RESET synchronous_commit');
      await client.query('RESET synchronous_commit');
    }
  },
);

/** The one check of this name, while sessions of a limiter run this statement. */
async function checkWhile(name: string, { sessions, statement }: { sessions: number; statement: string }) {
  const deciding = Array.from(
    { length: sessions },
    () => new pg.Client({ connectionString: postgres.url, application_name: 'rollgate' }),
  );
  await Promise.all(deciding.map((session) => session.connect()));
  const running = deciding.map((session) => session.query(statement).catch(() => undefined));
  try {
    return (await doctor()).report.checks.find((check) => check.name === name);
  } finally {
    await client.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'rollgate'`);
    await Promise.all(running);
    await Promise.all(deciding.map((session) => session.end()));
  }
}

const DECIDE = `SELECT rollgate.acquire('{7}', '{a/b/}', '{1}', '{1}', '{9}', '{9}')`;

test('batches that wait for lanes are reported, with the advice to use more stripes or to end the session that holds them', async () => {
  await client.query('BEGIN; SELECT pg_advisory_xact_lock(7605, 7)');
  const held = await checkWhile('lanes', { sessions: 3, statement: DECIDE });
  await client.query('ROLLBACK');
  expect(held).toMatchObject({
    status: 'warning',
    detail: expect.stringMatching(/3 wait for lanes; held for more than a second by \w+ \(pid \d+\)$/),
    remedy: [expect.stringMatching(/pg_terminate_backend/)],
  });

  // Many short transactions hold the lane in turn.
  const inTurn = `DO $$ BEGIN FOR i IN 1..1000 LOOP
    PERFORM pg_advisory_xact_lock(7605, 7); PERFORM pg_sleep(0.02); COMMIT; END LOOP; END $$ -- rollgate.acquire(`;
  const busy = await checkWhile('lanes', { sessions: 5, statement: inTurn });
  expect(busy).toMatchObject({
    status: 'warning',
    meaning: expect.stringMatching(/wait for each other/),
    remedy: [expect.stringMatching(/stripes/), expect.any(String)],
  });
  const working = await checkWhile('lanes', { sessions: 5, statement: 'SELECT pg_sleep(60) -- rollgate.acquire(' });
  expect(working).toMatchObject({ status: 'ok', facts: { workingBatches: 5, waitingBatches: 0 } });
});

test('instances that may open more connections than Postgres accepts are reported', async () => {
  await client.query(`INSERT INTO rollgate.instance (id, name, started_at, seen_at, policy_version, mode, mode_since)
    SELECT 'i-' || i, 'i-' || i, now(), now() + interval '20 seconds', 0, 'normal', now() FROM generate_series(1, 19) i`);
  const connections = async () => (await doctor()).report.checks.find(({ name }) => name === 'connections');
  try {
    expect(await connections()).toMatchObject({ status: 'ok' });
    await client.query(`INSERT INTO rollgate.instance (id, name, started_at, seen_at, policy_version, mode, mode_since)
      VALUES ('i-20', 'i-20', now(), now() + interval '20 seconds', 0, 'normal', now())`);
    expect(await connections()).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/97 allowed$/),
      remedy: [expect.stringMatching(/max_connections/), expect.any(String), expect.any(String)],
    });
  } finally {
    await client.query('DELETE FROM rollgate.instance');
  }
});

test('a dropped table is reported as an error', async () => {
  const check = await diagnosis({
    breaking: 'ALTER TABLE rollgate.bucket RENAME TO bucket_away',
    repairing: 'ALTER TABLE rollgate.bucket_away RENAME TO bucket',
  });
  expect(check).toMatchObject({ name: 'counters', detail: 'rollgate.bucket missing' });
});

test('a migration of a newer Rollgate is reported as an error', async () => {
  const check = await diagnosis({
    breaking: `INSERT INTO rollgate.migration (timestamp, name) VALUES (9999999999999, '999-future-9999999999999')`,
    repairing: `DELETE FROM rollgate.migration WHERE timestamp = 9999999999999`,
  });
  expect(check).toMatchObject({ name: 'migrations', facts: { unknown: ['999-future'] } });
});

test('an empty database on a server without fsync gets all findings at once, also in the output for people', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    const { code, wrong } = await doctor(empty.url);
    expect(code).toBe(1);
    expect(wrong.map(({ name }) => name)).toEqual(['migrations', 'fsync', 'full_page_writes', 'counters']);
    for (const { meaning, remedy } of wrong)
      expect([meaning, remedy?.length]).toEqual([expect.any(String), expect.any(Number)]);
    const { stdout } = await rollgate(['doctor'], empty.url);
    expect(stdout).toMatch(
      /^error {5}migrations .*\n +Programs of this version refuse to start\.\n +-> rollgate migrate$/m,
    );
    expect(stdout).toMatch(/\nErrors: migrations, fsync, full_page_writes, counters\.\n$/);
  } finally {
    await empty.drop();
  }
});

test.each([
  ['alloydbsuperuser', 'alloydb', /primary instance/],
  ['supabase_admin', 'supabase', /port 6543.* ROLLGATE_POOLED=true/],
])('the role %s tells the engine %s, with what to set there', async (role, engine, advice) => {
  await client.query(`CREATE ROLE ${role}`);
  try {
    const check = (await doctor()).report.checks.find(({ name }) => name === 'engine');
    expect(check).toMatchObject({ status: 'ok', facts: { engine } });
    expect(check?.advice?.join('\n')).toMatch(advice);
  } finally {
    await client.query(`DROP ROLE ${role}`);
  }
});

test('an unreachable database is reported without the password', async () => {
  const port = await freePort();
  const url = `postgres://me:secret@127.0.0.1:${port}/db`;
  const { code, report } = await doctor(url);
  expect(code).toBe(1);
  expect(report.checks).toEqual([
    {
      name: 'database',
      status: 'error',
      detail: `cannot reach the database at 127.0.0.1:${port}/db: connection refused`,
      meaning: expect.any(String),
      remedy: [expect.any(String)],
    },
  ]);
  expect(JSON.stringify(report)).not.toContain('secret');
});

test.each([
  [0, 'ok', 0],
  [-900, 'ok', 900],
  [-61_000, 'error', 61_000],
  [3_600_000, 'error', -3_600_000],
])('a local clock that is off by %i ms gives the status %s', async (offMs, status, differenceMs) => {
  const check = await checkClock(client, () => Date.now() + offMs);
  expect(check.status).toBe(status);
  expect(Math.abs(Number(check.facts?.['differenceMs']) - differenceMs)).toBeLessThan(90);
  expect(check.remedy === undefined).toBe(status === 'ok');
  if (status === 'error')
    expect(check.detail).toContain(differenceMs > 0 ? 'ahead of this machine' : 'behind this machine');
});
