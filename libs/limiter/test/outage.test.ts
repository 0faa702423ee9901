/** Decisions while the database is slow or unavailable are bounded in time and number, and are recorded. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { createTestDatabase, TcpProxy, type TestDatabase, until } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { LimiterUnavailableError } from '../src/outage/outage.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiter: Limiter;
let bots = 0;
let bot = '';

beforeEach(async () => {
  // One database for each test: a report that the proxy held back arrives after its instance has left, so that the next
  // test's instance would share the limit with it.
  database = await createTestDatabase();
  proxy = await TcpProxy.start(database.url);
  bot = `bot-${++bots}`;
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await limiter.close();
  await proxy.close();
  await database.drop();
});

/** Long enough for answers on a busy machine, so that only deliberate delays exceed it. */
const BUDGET_MS = 600;

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<void> {
  const databaseUrl = proxy.through(database.url);
  limiter = openSampleLimiter(databaseUrl, { budgetMs: BUDGET_MS, ...options });
  await limiter.refreshPolicy();
  // Make sure that both connections are open.
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

/** Waits until the database decides calls of the bot again. */
async function back(): Promise<void> {
  proxy.set({ kind: 'pass' });
  while ((await limiter.acquire(request())).mode !== 'enforced')
    await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.each(['black-hole', 'reset'] as const)('%s', (kind) => {
  test('local: this instance allows half of the limit, each call within its budget, and the units are debited from the database afterwards', async () => {
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
    // The units granted here, plus those that a lost batch may have spent.
    expect(Number(await used())).toBeGreaterThanOrEqual(50);
  }, 90_000);
});

test('closed: calls are rejected with a retry time with jitter, and never denied', async () => {
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

test('open: every call is allowed and counted, and the units are debited from the database afterwards', async () => {
  await open({ outage: { default: 'open' } });
  proxy.set({ kind: 'reset' });
  expect(allowed(await ask(200))).toBe(200);
  await back();
  expect(Number(await used())).toBeGreaterThanOrEqual(200);
  expect(await limiter.acquire(request())).toMatchObject({ allowed: false, mode: 'enforced' });
}, 90_000);

test('several outages in one minute allow half of the limit in total', async () => {
  await open();
  let granted = 0;
  for (let i = 0; i < 3; i++) {
    proxy.set({ kind: 'reset' });
    granted += allowed(await ask(40));
    await back();
  }
  expect(granted).toBe(30);
  // Units are debited only once.
  expect(Number(await used())).toBeLessThanOrEqual(60);
}, 90_000);

test('several instances share half of the limit', async () => {
  await open({ instances: 3 });
  proxy.set({ kind: 'reset' });
  expect(allowed(await ask(60))).toBe(10);
});

test('a slow database still decides, and a database slower than the budget is not waited for', async () => {
  await open();
  proxy.set({ kind: 'latency', ms: 60 });
  expect(await limiter.acquire(request())).toMatchObject({ allowed: true, mode: 'enforced' });
  proxy.set({ kind: 'latency', ms: BUDGET_MS });
  const calledAt = performance.now();
  expect((await limiter.acquire(request())).mode).toBe('fallback_allowed');
  expect(performance.now() - calledAt).toBeLessThan(BUDGET_MS + 300);
});

test('a database whose sign-in takes longer than a call may wait still decides', async () => {
  await open();
  proxy.set({ kind: 'reset' });
  await limiter.acquire(request());
  // A sign-in takes several round trips, a decision takes one.
  proxy.set({ kind: 'latency', ms: 60 });
  await until(async () => (await limiter.acquire(request())).mode === 'enforced', {
    what: 'the database decides again',
    pauseMs: 50,
  });
}, 90_000);

test('answers that arrive in small pieces are read correctly', async () => {
  await open();
  proxy.set({ kind: 'slices' });
  expect(allowed(await ask(61))).toBe(60);
});

test('a call of a lane locked by another session is decided within its budget, and the lane is free afterwards', async () => {
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

/** Makes the table itself reject data that passes validation, while `work` runs. */
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

test('bad data fails only its own call and opens no breaker', async () => {
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

test('bad data granted without the database does not prevent other debits or decisions', async () => {
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

test('decisions made without the database are recorded afterwards', async () => {
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

test('slowly rising latency does not open a breaker', async () => {
  await open();
  const modes: string[] = [];
  for (const ms of [5, 20, 50, 100, 150]) {
    proxy.set({ kind: 'latency', ms });
    await ask(3);
    modes.push(limiter.state().mode);
  }
  expect(new Set(modes)).toEqual(new Set(['normal']));
});
