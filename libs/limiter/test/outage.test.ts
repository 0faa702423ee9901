/** Decisions while the database is slow or away: bounded in time, in number, and told. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { createTestDatabase, startTcpProxy, type TcpProxy, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { LimiterUnavailableError } from '../src/outage/outage.js';
import { createPostgresLimiter, type PostgresLimiterOptions } from '../src/postgres-limiter.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiter: Limiter;
let bots = 0;
let bot = '';

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { hostname, port } = new URL(database.url);
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  bot = `bot-${++bots}`;
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await limiter.close();
  await proxy.close();
});

/** Answers in time on a busy machine, so that what is late here is late on purpose. */
const BUDGET_MS = 600;

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<void> {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  limiter = createPostgresLimiter({ databaseUrl: url.href, janitor: false, budgetMs: BUDGET_MS, ...options });
  await limiter.refreshPolicy();
  // Both connections are made.
  await Promise.all(Array.from({ length: 8 }, (_, i) => limiter.acquire({ account: `warm-${i}`, api: 'get-bots' })));
}

const request = () => ({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
const ask = (n: number): Promise<Decision[]> =>
  Promise.all(Array.from({ length: n }, () => limiter.acquire(request())));
const allowed = (decisions: readonly Decision[]) => decisions.filter((one) => one.allowed).length;
const used = async () =>
  (
    await database.pool.query<{ units: string }>(
      'SELECT coalesce(sum(total), 0) AS units FROM rollgate.counter WHERE subject = $1',
      [`acme/publish-bot/bot=${bot}`],
    )
  ).rows[0]?.units;

/** Until the database decides about the bot again. */
async function back(): Promise<void> {
  proxy.set({ kind: 'pass' });
  while ((await limiter.acquire(request())).mode !== 'enforced')
    await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.each(['black-hole', 'reset'] as const)('%s', (kind) => {
  test('local: half of the limit on this node, each call within its budget; on return it is spent in the database', async () => {
    await open();
    expect(allowed(await ask(20))).toBe(20);
    proxy.set({ kind });
    const startedAt = performance.now();
    const decisions: Decision[] = [];
    for (let i = 0; i < 50; i++) {
      const calledAt = performance.now();
      decisions.push(await limiter.acquire(request()));
      expect(performance.now() - calledAt).toBeLessThan(BUDGET_MS + 300);
    }
    expect(performance.now() - startedAt).toBeLessThan(5 * BUDGET_MS + 2_000);
    expect(allowed(decisions)).toBe(30);
    expect(new Set(decisions.map(({ mode }) => mode))).toEqual(new Set(['fallback_allowed', 'fallback_denied']));
    expect(decisions.at(-1)).toMatchObject({
      allowed: false,
      deniedBy: 'minute',
      windows: { minute: { limit: 30, used: 30 } },
    });
    expect(limiter.state()).toMatchObject({ mode: 'fallback', reason: expect.any(String) });
    await back();
    expect(limiter.state().mode).toBe('normal');
    // What was granted here, and what a lost batch may have spent besides.
    expect(Number(await used())).toBeGreaterThanOrEqual(50);
  }, 90_000);
});

test('closed: no answer but “later”, with jitter; never a denial', async () => {
  await open({ outage: { apis: { 'publish-bot': 'closed' } } });
  proxy.set({ kind: 'reset' });
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => limiter.acquire(request())));
  const waits = results.map((result) => {
    if (result.status !== 'rejected') throw new Error('it was decided');
    expect(result.reason).toBeInstanceOf(LimiterUnavailableError);
    return (result.reason as LimiterUnavailableError).retryAfterMs;
  });
  expect(new Set(waits).size).toBeGreaterThan(1);
  for (const ms of waits) expect(ms >= 1_000 && ms <= 3_000).toBe(true);
});

test('open: everything is admitted, counted, and spent on return', async () => {
  await open({ outage: { default: 'open' } });
  proxy.set({ kind: 'reset' });
  expect(allowed(await ask(200))).toBe(200);
  await back();
  expect(Number(await used())).toBeGreaterThanOrEqual(200);
  expect(await limiter.acquire(request())).toMatchObject({ allowed: false, mode: 'enforced' });
}, 90_000);

test('several outages in one minute: half of the limit in all of them together', async () => {
  await open();
  let granted = 0;
  for (let i = 0; i < 3; i++) {
    proxy.set({ kind: 'reset' });
    granted += allowed(await ask(40));
    await back();
  }
  expect(granted).toBe(30);
  // What was told is not told again.
  expect(Number(await used())).toBeLessThanOrEqual(60);
}, 90_000);

test('several nodes share half of the limit', async () => {
  await open({ nodes: 3 });
  proxy.set({ kind: 'reset' });
  expect(allowed(await ask(60))).toBe(10);
});

test('a slow database is asked on; a database that is slower than the budget is not waited for', async () => {
  await open();
  proxy.set({ kind: 'latency', ms: 60 });
  expect(await limiter.acquire(request())).toMatchObject({ allowed: true, mode: 'enforced' });
  proxy.set({ kind: 'latency', ms: BUDGET_MS });
  const calledAt = performance.now();
  expect((await limiter.acquire(request())).mode).toBe('fallback_allowed');
  expect(performance.now() - calledAt).toBeLessThan(BUDGET_MS + 300);
});

test('a database that takes longer to sign in to than a call may wait for it decides all the same', async () => {
  await open();
  proxy.set({ kind: 'reset' });
  await limiter.acquire(request());
  // A sign-in takes some round trips, a decision one.
  proxy.set({ kind: 'latency', ms: 60 });
  const deadline = Date.now() + 15_000;
  let mode = '';
  while (mode !== 'enforced' && Date.now() < deadline) {
    mode = (await limiter.acquire(request())).mode;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(mode).toBe('enforced');
}, 90_000);

test('data in crumbs is data', async () => {
  await open();
  proxy.set({ kind: 'slices' });
  expect(allowed(await ask(61))).toBe(60);
});

test('a lane held by somebody else: the call is decided within its budget, and the lane is free for the next', async () => {
  await open();
  const holder = await database.pool.connect();
  await holder.query('BEGIN; SELECT pg_advisory_xact_lock(7605, l) FROM generate_series(0, 63) l');
  const calledAt = performance.now();
  expect((await limiter.acquire(request())).mode).toBe('fallback_allowed');
  expect(performance.now() - calledAt).toBeLessThan(BUDGET_MS + 300);
  await holder.query('ROLLBACK');
  holder.release();
  await back();
}, 90_000);

/** What no validation knows of: the table itself refuses it, while `work` goes on. */
async function withPoison(work: () => Promise<void>): Promise<void> {
  await database.pool.query(`
    CREATE OR REPLACE FUNCTION rollgate.poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.subject LIKE '%poison%' THEN RAISE EXCEPTION 'poison' USING ERRCODE = '22003'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER poison BEFORE INSERT ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION rollgate.poison()`);
  try {
    await work();
  } finally {
    await database.pool.query('DROP TRIGGER poison ON rollgate.counter');
  }
}

test('bad data fails its own call only, and opens nothing', async () => {
  await open();
  await withPoison(async () => {
    const names = Array.from({ length: 50 }, (_, i) => (i === 17 ? 'poison' : `good-${i}`));
    const results = await Promise.allSettled(
      names.map((name) => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: name } })),
    );
    expect(results.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
    expect(results[17]).toMatchObject({ status: 'rejected', reason: { code: '22003' } });
    expect(results.every((result) => result.status === 'rejected' || result.value.mode === 'enforced')).toBe(true);
    expect(limiter.state().mode).toBe('normal');
  });
});

test('bad data that was granted without the database keeps nothing else from being told, nor from being decided', async () => {
  await open();
  await withPoison(async () => {
    proxy.set({ kind: 'reset' });
    const names = ['poison', bot, `${bot}-b`];
    const grants = await Promise.all(
      names.map((name) => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: name } })),
    );
    expect(grants.map(({ mode }) => mode)).toEqual(new Array(3).fill('fallback_allowed'));
    await back();
    expect(Number(await used())).toBeGreaterThanOrEqual(2);
    expect((await limiter.acquire(request())).mode).toBe('enforced');
  });
}, 90_000);

test('what was decided without the database is on record afterwards', async () => {
  await open();
  proxy.set({ kind: 'reset' });
  const decisions = await ask(40);
  proxy.set({ kind: 'pass' });
  await limiter.close();
  const { rows } = await database.pool.query<{ mode: string; calls: string }>(
    `SELECT mode, sum(count) AS calls FROM rollgate.limit_event WHERE subject = $1 GROUP BY mode ORDER BY mode`,
    [`acme/publish-bot/bot=${bot}`],
  );
  const counts = Object.fromEntries(rows.map(({ mode, calls }) => [mode, Number(calls)]));
  expect(counts).toEqual({ fallback_allowed: allowed(decisions), fallback_denied: 40 - allowed(decisions) });
}, 90_000);

test('a slow ramp neither opens a breaker nor makes it flap', async () => {
  await open();
  const modes: string[] = [];
  for (const ms of [5, 20, 50, 100, 150]) {
    proxy.set({ kind: 'latency', ms });
    await ask(3);
    modes.push(limiter.state().mode);
  }
  expect(new Set(modes)).toEqual(new Set(['normal']));
});
