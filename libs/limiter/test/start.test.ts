/** A limiter decides nothing before it has reached its database, and reports in one line what prevents it. */

import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, freePort, TcpProxy, type TestDatabase, until } from '@rollgate/testing';
import {
  DatabaseUrlError,
  type Limiter,
  LimiterStartError,
  LimiterUnavailableError,
  type Report,
} from '../src/index.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';

let database: TestDatabase;
let proxy: TcpProxy;
let reports: Report[];
const open: Limiter[] = [];

beforeEach(async () => {
  // One for each test, as in outage.test.ts: an instance of the test before must not be counted.
  database = await createTestDatabase();
  reports = [];
  proxy = await TcpProxy.start(database.url);
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await Promise.all(open.splice(0).map((limiter) => limiter.close()));
  await proxy.close();
  await database.drop();
});

function create(options: Partial<PostgresLimiterOptions> = {}): Limiter {
  const databaseUrl = proxy.through(database.url);
  const onReport = (report: Report) => reports.push(report);
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl,
    janitor: false,
    onReport,
    ...options,
  });
  open.push(limiter);
  return limiter;
}

const call = (bot: string) => ({ account: 'acme', api: 'publish-bot', dimensions: { bot } });

async function errorOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

describe('an invalid connection string is rejected at once, and the message does not repeat it', () => {
  test.each([
    ['missing', undefined, /databaseUrl is missing/],
    ['null', null, /databaseUrl is missing/],
    ['empty', '', /databaseUrl is empty/],
    ['not a URL', 'user:secret@db', /is not a Postgres URL/],
    ['a bare word', 'secret', /is not a Postgres URL/],
    ['a URL with another scheme', 'https://user:secret@db/name', /is not a Postgres URL/],
    ['badly encoded', 'postgres://user:secret%zz@db/name', /is not a Postgres URL/],
    ['a number', 5432, /databaseUrl is a number/],
  ])('%s', (_, databaseUrl, message) => {
    const make = () => createPostgresLimiter({ catalogue: sampleCatalogue, databaseUrl: databaseUrl as string });
    expect(make).toThrow(DatabaseUrlError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(/secret/);
  });

  test('an invalid connection string from a function makes the start fail', async () => {
    const limiter = create({ databaseUrl: () => 'user:secret@db' });
    const error = await errorOf(limiter.start());
    expect(error).toBeInstanceOf(LimiterStartError);
    expect(error.message).toMatch(/databaseUrl is not a Postgres URL/);
    expect(error.message).not.toMatch(/secret/);
  });
});

test('if start is not called, the first call waits for the database and is decided by it', async () => {
  proxy.set({ kind: 'latency', ms: 30 });
  expect(await create().acquire(call('first'))).toMatchObject({ allowed: true, mode: 'enforced' });
  expect(reports).toEqual([]);
});

test('no call is decided before the database is reached, and then the database decides every call', async () => {
  proxy.set({ kind: 'reset' });
  const limiter = create();
  const error = await errorOf(limiter.start());
  // The caller that waits for the start receives the failure.
  expect(reports).toEqual([]);
  expect(error).toBeInstanceOf(LimiterStartError);
  expect(error.message).toMatch(/^the limiter can not reach the database at 127\.0\.0\.1:\d+\/test_\w+: .+$/);
  for (let i = 0; i < 5; i++) {
    const startedAt = performance.now();
    const failure = await errorOf(limiter.acquire(call('waiting')));
    expect(failure).toBeInstanceOf(LimiterUnavailableError);
    expect((failure as LimiterUnavailableError).retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect(performance.now() - startedAt).toBeLessThan(150);
  }
  for (const look of [limiter.peek(call('waiting')), limiter.usage('acme'), limiter.limitsOf(call('waiting'))])
    expect(await errorOf(look)).toBeInstanceOf(LimiterUnavailableError);
  expect(limiter.state()).toMatchObject({ mode: 'starting', reason: expect.stringMatching(/can not reach/) });
  await wait(1_000);
  expect(reports.map(({ topic, level }) => [topic, level])).toEqual([['start', 'error']]);
  proxy.set({ kind: 'pass' });
  await until(() => limiter.state().mode === 'normal', { what: 'the limiter has reached its database' });
  expect(await limiter.acquire(call('waiting'))).toMatchObject({ allowed: true, mode: 'enforced' });
  expect(reports.filter(({ topic }) => topic === 'start').map(({ level }) => level)).toEqual(['error', 'info']);
}, 60_000);

test.each(['reset', 'black-hole'] as const)(
  'during an outage by %s an instance grants nothing, however often it restarts',
  async (kind) => {
    const before = create();
    await before.start();
    const spent = await Promise.all(Array.from({ length: 40 }, () => before.acquire(call(kind))));
    expect(spent.filter(({ allowed }) => allowed)).toHaveLength(40);
    await before.close();
    proxy.set({ kind });
    for (let life = 0; life < 3; life++) {
      const limiter = create();
      const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => limiter.acquire(call(kind))));
      expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      const startedAt = performance.now();
      await limiter.close();
      expect(performance.now() - startedAt).toBeLessThan(8_000);
    }
  },
  90_000,
);

test('a port without a listener and an unknown host are named in the error', async () => {
  const refused = create({ databaseUrl: `postgres://user:secret@127.0.0.1:${await freePort()}/name` });
  expect((await errorOf(refused.start())).message).toMatch(/at 127\.0\.0\.1:\d+\/name: connection refused$/);
  const unknown = create({ databaseUrl: 'postgres://user:secret@db.invalid/name' });
  expect((await errorOf(unknown.start())).message).toMatch(/at db\.invalid:5432\/name: the host is not known$/);
});

test('a wrong password is reported but not repeated', async () => {
  const url = Object.assign(new URL(database.url), { password: 'mistyped' });
  const { message } = await errorOf(create({ databaseUrl: url.href }).start());
  expect(message).toMatch(/refuses the limiter: password authentication failed for user/);
  expect(message).not.toMatch(/mistyped/);
});

describe('the schema', () => {
  let own: TestDatabase;
  afterEach(() => own.drop());

  test('without a schema, the error names the command to run', async () => {
    own = await createTestDatabase({ migrated: false });
    const limiter = create({ databaseUrl: own.url });
    expect((await errorOf(limiter.start())).message).toMatch(/holds no Rollgate: run "rollgate migrate"$/);
    await limiter.close();
  });

  test('with the schema of 0.1.0, which has no version, the error names the command to run', async () => {
    own = await createTestDatabase();
    await own.pool.query('DROP FUNCTION rollgate.schema_version()');
    const limiter = create({ databaseUrl: own.url });
    expect((await errorOf(limiter.start())).message).toMatch(/is older than .* needs: run "rollgate migrate"$/);
    await limiter.close();
  });

  test.each([
    [1, 1, /is older than .* needs: run "rollgate migrate"/],
    [3, 3, /serves programs from version 3 .*: upgrade the program/],
    [3, 2, undefined],
  ])('schema version %i, which serves programs from version %i on, is checked', async (version, serves, complaint) => {
    own = await createTestDatabase();
    await own.pool.query(`CREATE OR REPLACE FUNCTION rollgate.schema_version(OUT version int, OUT serves int)
      LANGUAGE sql IMMUTABLE AS $$ SELECT ${version}, ${serves} $$`);
    const limiter = create({ databaseUrl: own.url });
    if (complaint === undefined) await limiter.start();
    else expect((await errorOf(limiter.start())).message).toMatch(complaint);
    await limiter.close();
  });
});

describe('a limiter with its own database', () => {
  let own: TestDatabase;
  beforeEach(async () => {
    own = await createTestDatabase();
  });
  afterEach(() => own.drop());

  test('preparing a new session may take longer than a decision may take', async () => {
    await own.pool.query(`CREATE OR REPLACE FUNCTION rollgate.schema_version(OUT version int, OUT serves int)
      LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM pg_sleep(0.4); version := 2; serves := 2; END $$`);
    const limiter = create({ databaseUrl: own.url });
    await limiter.start();
    await limiter.acquire(call('slow-start'));
    const { rows } = await own.pool.query(
      `SELECT count(*)::int AS deciding FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'`,
    );
    expect(rows).toEqual([{ deciding: 3 }]);
    await limiter.close();
  });

  test('a limiter that is closed immediately leaves no instance in the list', async () => {
    for (let run = 0; run < 10; run++) await create({ databaseUrl: own.url }).close();
    const { rows } = await own.pool.query('SELECT count(*)::int AS instances FROM rollgate.instance');
    expect(rows).toEqual([{ instances: 0 }]);
  });
});
