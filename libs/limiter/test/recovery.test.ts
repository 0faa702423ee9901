/** Recovery needs no calls, and each change of state is reported once. */

import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { createTestDatabase, TcpProxy, type TestDatabase, until } from '@rollgate/testing';
import { EventsLostError, type Limiter, LimiterUnavailableError, type Report } from '../src/index.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiter: Limiter;
let reports: Report[];
let errors: unknown[];
let bots = 0;

beforeEach(async () => {
  // One for each test, as in outage.test.ts: an instance of the test before must not be counted.
  database = await createTestDatabase();
  reports = [];
  errors = [];
  proxy = await TcpProxy.start(database.url);
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await limiter.close();
  await proxy.close();
  await database.drop();
});

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<void> {
  const databaseUrl = proxy.through(database.url);
  limiter = openSampleLimiter(databaseUrl, {
    budgetMs: 600,
    onReport: (report) => reports.push(report),
    onError: (error) => errors.push(error),
    ...options,
  });
  await limiter.start();
}

/** Makes calls of sixteen accounts, so that both stripes are used. */
const everywhere = (): Promise<Decision[]> =>
  Promise.all(Array.from({ length: 16 }, (_, i) => limiter.acquire({ account: `a-${i}`, api: 'get-bots' })));

async function untilMode(mode: string): Promise<void> {
  await until(() => limiter.state().mode === mode, { what: `the mode is ${mode}`, details: () => limiter.state() });
}

async function fallBack(): Promise<void> {
  proxy.set({ kind: 'reset' });
  for (let i = 0; i < 4; i++) await everywhere();
  expect(limiter.state().mode).toBe('fallback');
}

test.each(['reset', 'black-hole'] as const)(
  'after an outage by %s the state returns to normal without a call on any stripe',
  async (kind) => {
    await open();
    proxy.set({ kind });
    // Three batches of a stripe get no answer in time.
    const isAlone = async () => {
      await everywhere();
      return limiter.state().mode === 'fallback';
    };
    await until(isAlone, { what: 'it decides without the database', details: () => limiter.state() });
    proxy.set({ kind: 'pass' });
    await untilMode('normal');
    // The database decides the very first calls.
    expect(new Set((await everywhere()).map(({ mode }) => mode))).toEqual(new Set(['enforced']));
    const about = reports.filter(({ topic }) => topic === 'database');
    expect(about.map(({ level }) => level)).toEqual(['error', 'info']);
    expect(about[0]?.message).toMatch(/^the limiter decides without its database: .+/);
  },
  60_000,
);

test('units granted without the database are debited from it without a further call', async () => {
  await open();
  await fallBack();
  const bot = `bot-${++bots}`;
  const granted = await Promise.all(
    Array.from({ length: 5 }, () => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot } })),
  );
  expect(new Set(granted.map(({ mode }) => mode))).toEqual(new Set(['fallback_allowed']));
  proxy.set({ kind: 'pass' });
  await untilMode('normal');
  const { rows } = await database.pool.query<{ total: string }>(
    'SELECT total FROM rollgate.counter WHERE subject = $1',
    [`acme/publish-bot/bot=${bot}`],
  );
  expect(rows).toEqual([{ total: '5' }]);
}, 60_000);

test('open: a second outage a minute after the first has its own minute', async () => {
  let nowMs = Date.now();
  await open({ outage: { default: 'open' }, clock: () => nowMs });
  await fallBack();
  proxy.set({ kind: 'pass' });
  await untilMode('normal');
  nowMs += 62_000;
  await fallBack();
  const bot = `bot-${++bots}`;
  const decisions = await Promise.all(
    Array.from({ length: 100 }, () => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot } })),
  );
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100);
}, 60_000);

test('limits that may be outdated and connections that stay lost are each reported once when it begins and once when it ends', async () => {
  await open({ pollEveryMs: 100 });
  proxy.set({ kind: 'reset' });
  await until(() => reports.some(({ topic }) => topic === 'limits'), { what: 'outdated limits are reported' });
  proxy.set({ kind: 'pass' });
  await wait(3_000);
  for (const topic of ['limits', 'connections'] as const)
    expect([topic, ...reports.filter((one) => one.topic === topic).map(({ level }) => level)]).toEqual([
      topic,
      topic === 'limits' ? 'error' : 'warn',
      'info',
    ]);
  expect(reports.find(({ topic }) => topic === 'limits')?.message).toMatch(/^the limits in force are 1\d s old/);
}, 60_000);

test('lost denials are reported', async () => {
  await open();
  await fallBack();
  await limiter.close();
  expect(reports.filter(({ topic }) => topic === 'events')).toEqual([
    { topic: 'events', level: 'error', message: expect.stringMatching(/^\d+ decisions could not be recorded/) },
  ]);
  expect(errors.some((error) => error instanceof EventsLostError)).toBe(true);
}, 60_000);

test('by default, reports go to console.warn', async () => {
  const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    const databaseUrl = proxy.through(database.url);
    limiter = openSampleLimiter(databaseUrl, { budgetMs: 600 });
    await limiter.start();
    await fallBack();
    expect(warned.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/^rollgate: the limiter decides without its database: /),
    );
  } finally {
    warned.mockRestore();
  }
}, 60_000);

test('reading usage, refunds and resets end in time when the network drops all packets', async () => {
  await open();
  const granted = await limiter.acquire({ account: 'acme', api: 'get-bots' });
  proxy.set({ kind: 'black-hole' });
  const ref = { account: 'acme', api: 'get-bots' };
  const startedAt = performance.now();
  const outcomes = await Promise.allSettled([
    limiter.peek(ref),
    limiter.usage('acme'),
    limiter.reset(ref),
    limiter.refund(granted),
  ]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') throw new Error('it was answered');
    expect(outcome.reason).toBeInstanceOf(LimiterUnavailableError);
  }
  expect(await limiter.refreshPolicy()).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  await limiter.close();
  expect(performance.now() - startedAt).toBeLessThan(16_000);
}, 60_000);
