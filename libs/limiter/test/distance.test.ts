/** A healthy database that is distant or closes idle connections is not treated as an outage: it decides every call. */

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import {
  createTestDatabase,
  findPgBouncer,
  startPgBouncer,
  TcpProxy,
  type TestDatabase,
  until,
} from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { allowConnections } from './allow-connections.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiter: Limiter | undefined;
let runs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxy = await TcpProxy.start(database.url);
});
afterEach(async () => {
  await limiter?.close();
  await proxy.close();
});

function open(options: Partial<PostgresLimiterOptions> = {}): Limiter {
  limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: proxy.through(database.url),
    janitor: false,
    ...options,
  });
  return limiter;
}

/** Calls of many accounts, so that every stripe decides some of them. */
function ask(of: Limiter, calls = 16): Promise<Decision[]> {
  const run = `${process.pid}-${++runs}`;
  return Promise.all(
    Array.from({ length: calls }, (_, i) => of.acquire({ account: `far-${run}-${i}`, api: 'get-bots' })),
  );
}

const without = (decisions: readonly Decision[]) => decisions.filter(({ mode }) => mode !== 'enforced').length;

/** The decision sessions, as Postgres lists them. */
const sessions = async () =>
  (
    await database.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'`,
    )
  ).rows.map(({ pid }) => pid);

/** One connection for each stripe, and one for flushes. */
const untilAllAreOpen = () => until(sessions, { what: 'three sessions are open', accept: (open) => open.length === 3 });

/** Each direction takes half of the round trip. */
describe.each([0, 10, 50, 100])('with %i ms added to each round trip', (roundTripMs) => {
  beforeEach(() => proxy.set({ kind: 'latency', ms: roundTripMs / 2 }));

  test('the database decides the first calls of a new limiter', async () => {
    expect(without(await ask(open()))).toBe(0);
  }, 60_000);

  test('the connections are still open after 12 s without a call, and decide', async () => {
    const far = open();
    await ask(far);
    const before = await untilAllAreOpen();
    await wait(12_000);
    expect(await sessions()).toEqual(before);
    for (let i = 0; i < 5; i++) expect(without(await ask(far))).toBe(0);
  }, 60_000);

  test('connections that the server closed while idle are reopened before the next call', async () => {
    const far = open();
    await ask(far);
    const before = await untilAllAreOpen();
    await database.pool.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [before]);
    const areReplaced = async () => {
      const now = await sessions();
      return now.length === before.length && !now.some((pid) => before.includes(pid));
    };
    await until(areReplaced, { what: 'all sessions are new', details: sessions });
    // The last messages of the sign-in are still in flight.
    await wait(4 * roundTripMs + 200);
    expect(without(await ask(far))).toBe(0);
  }, 60_000);
});

test("when all connections but one are lost and can't be reopened, the calls of both stripes are decided on that one", async () => {
  const near = open();
  await ask(near);
  const [, ...others] = await untilAllAreOpen();
  await allowConnections(database.url, false);
  try {
    await database.pool.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [others]);
    await until(async () => (await sessions()).length === 1, { what: 'one session is left', details: sessions });
    await wait(100);
    expect(without(await ask(near))).toBe(0);
    expect(near.state().mode).toBe('normal');
  } finally {
    await allowConnections(database.url, true);
  }
}, 60_000);

/** Makes calls after idle times longer than the timeout. */
async function askAfterRests(of: Limiter): Promise<number> {
  let fallbacks = 0;
  for (let rest = 0; rest < 3; rest++) {
    await wait(1_700);
    fallbacks += without(await ask(of));
  }
  return fallbacks;
}

test('when the server ends idle sessions after a second, the database still decides the calls after an idle time', async () => {
  const name = new URL(database.url).pathname.slice(1);
  await database.pool.query(`ALTER DATABASE "${name}" SET idle_session_timeout = 1000`);
  try {
    const near = open({ budgetMs: 1_000, pollEveryMs: 3_600_000 });
    await near.start();
    const before = await sessions();
    expect(await askAfterRests(near)).toBe(0);
    expect((await sessions()).some((pid) => before.includes(pid))).toBe(false);
  } finally {
    await database.pool.query(`ALTER DATABASE "${name}" RESET idle_session_timeout`);
  }
}, 60_000);

const throughPgBouncer = findPgBouncer() === undefined ? test.skip : test;

throughPgBouncer(
  'a PgBouncer that ends idle clients and idle servers after a second: the same',
  async () => {
    const bouncer = await startPgBouncer({
      url: database.url,
      settings: { client_idle_timeout: '1', server_idle_timeout: '1' },
    });
    try {
      const near = open({ databaseUrl: bouncer.through(database.url), pooled: true, budgetMs: 1_000 });
      await near.start();
      expect(await askAfterRests(near)).toBe(0);
      expect(bouncer.log()).toMatch(/client_idle_timeout/);
      await near.close();
    } finally {
      await bouncer.stop();
    }
  },
  60_000,
);
