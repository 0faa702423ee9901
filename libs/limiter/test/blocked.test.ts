/** Denials for which retrying does not help: a limit of 0, and a cost above the limit. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue, type Limits } from '@rollgate/contract';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import { createLimiter } from '../src/create-limiter.js';
import type { Limiter } from '../src/limiter.js';
import { LocalCounts } from '../src/outage/local-counts.js';
import { Outage } from '../src/outage/outage.js';
import type { Quarantine } from '../src/outage/quarantine.js';
import { EffectiveLimits } from '../src/policy/effective-limits.js';
import { Policy } from '../src/policy/policy.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import { Reports } from '../src/reports.js';
import { MemoryStore } from '../src/store/memory-store.js';
import { logStatements, type StatementLog } from '../src/testing/statement-log.js';

const api = (id: string, perMinute: number, perHour: number) => ({
  id,
  title: id,
  level: ['bot'],
  limits: { perMinute, perHour },
  apis: [{ id, title: id }],
});
const catalogue = new Catalogue([api('blocked', 0, 0), api('no-minute', 0, 50), api('small', 5, 9)]);

let database: TestDatabase;
let limiter: Limiter;
let clock: TestClock;
let log: StatementLog;
let bots = 0;
let bot = '';

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  clock = new TestClock();
  const start = logStatements();
  limiter = createPostgresLimiter({
    databaseUrl: database.url,
    ownApis: catalogue,
    janitor: false,
    clock: () => clock.nowMs,
    events: { everyMs: 1_000_000 },
    outage: false,
  });
  await limiter.start();
  // The first poll of freed subjects makes the limiter forget the denials it remembers: let it come first.
  while (!start.statements.some((text) => text.includes('freed_since'))) await wait(20);
  await wait(50);
  start.stop();
  log = logStatements();
  bot = `b${++bots}`;
});
afterEach(async () => {
  log.stop();
  await limiter.close();
});

const ask = (id: string, cost = 1) => limiter.acquire({ account: 'acme', api: id, dimensions: { bot }, cost });
const decisionsAsked = () => log.statements.filter((text) => text.includes('rollgate.acquire(')).length;
const events = async () =>
  (
    await database.pool.query(
      `SELECT merged, count FROM rollgate.limit_event WHERE subject LIKE '%bot=' || $1 ORDER BY first_at`,
      [bot],
    )
  ).rows;

describe.each([
  ['a limit of 0 in both windows', 'blocked', 1, ['minute', 'hour'], 'hour'],
  ['a limit of 0 in the minute', 'no-minute', 1, ['minute'], 'minute'],
  ['a cost above the limit', 'small', 6, ['minute'], 'minute'],
] as const)('%s', (_what, id, cost, violated, deniedBy) => {
  test('denials cost one statement in an hour, name the window, and give no time to retry', async () => {
    const denied = { allowed: false, violated, deniedBy, retryAfterMs: null, windows: { minute: { used: 0 } } };
    for (let second = 0; second < 3_600; second += 36) {
      expect(await ask(id, cost)).toMatchObject(denied);
      clock.advance({ seconds: 36 });
    }
    expect(decisionsAsked()).toBe(1);
    clock.advance({ seconds: 1 });
    expect(await ask(id, cost)).toMatchObject(denied);
    expect(decisionsAsked()).toBe(2);
  });

  test('denials are recorded at once, and then with one event a minute that counts every call', async () => {
    for (let call = 0; call < 1_200; call++) {
      await ask(id, cost);
      clock.advance({ ms: 100 });
    }
    await limiter.close();
    expect(await events()).toEqual([
      { merged: 'second', count: 10 },
      { merged: 'minute', count: 590 },
      { merged: 'minute', count: 600 },
    ]);
  });
});

test('a call with a smaller cost still goes to the database', async () => {
  await ask('small', 6);
  expect(await ask('small', 5)).toMatchObject({ allowed: true });
  expect(await ask('small', 6)).toMatchObject({ allowed: false, windows: { minute: { used: 5 } } });
});

describe('while a quarantine halves the limits', () => {
  const halves = {
    state: { since: 0, sinceMs: 0, reason: 'the clock jumped' },
    limitsOf: ({ perMinute, perHour }: Limits): Limits => ({
      perMinute: Math.floor(perMinute / 2),
      perHour: Math.floor(perHour / 2),
    }),
  } as unknown as Quarantine;

  const inQuarantine = (): Limiter =>
    createLimiter({
      store: new MemoryStore({ clock: () => clock.nowMs }),
      catalogue,
      now: () => clock.nowMs,
      limits: new EffectiveLimits({ policy: new Policy(), now: () => clock.nowMs, quarantine: halves }),
    });

  test.each([
    ['above half of the limit can be retried after the quarantine', 3, ['minute'], 61_000],
    ['above the whole limit is never allowed', 6, ['minute', 'hour'], null],
  ])('a cost %s', async (_what, cost, violated, retryAfterMs) => {
    const halved = inQuarantine();
    const request = { account: 'acme', api: 'small', dimensions: { bot }, cost };
    expect(await halved.acquire(request)).toMatchObject({ allowed: false, violated, retryAfterMs });
    await halved.close();
  });
});

describe('while the database is unavailable', () => {
  const now = () => Date.UTC(2026, 0, 1);
  const asked = (key: string, perMinute: number, cost = 1) => ({
    entry: { id: 'small' },
    key,
    cost,
    limits: { perMinute, perHour: perMinute },
  });

  test("a cost above this instance's share can be retried in a few seconds, when the database may be back", () => {
    const local = new LocalCounts({ clock: now });
    local.divideBy(1);
    const outage = new Outage({ modes: {}, local, now, stripes: 1, reports: new Reports(() => undefined) });
    const { limits, retryMs } = outage.decide(asked('acme/small/bot=a', 1), new Error('away'));
    expect(limits).toEqual({ perMinute: 0, perHour: 0 });
    expect((retryMs as number) - now()).toBeGreaterThanOrEqual(1_000);
    expect((retryMs as number) - now()).toBeLessThanOrEqual(3_000);
    expect(outage.decide(asked('acme/small/bot=a', 1, 2), new Error('away')).retryMs).toBeNull();
    expect(outage.decide(asked('acme/small/bot=a', 0), new Error('away')).retryMs).toBeNull();
  });

  test.each(['local', 'open'] as const)(
    'in mode %s, a subject that there is no room to count has a limit of 0',
    (mode) => {
      const local = new LocalCounts({ clock: now });
      local.divideBy(1);
      const outage = new Outage({
        modes: { default: mode },
        local,
        now,
        stripes: 1,
        reports: new Reports(() => undefined),
      });
      for (let i = 0; i < 50_000; i++) outage.decide(asked(`acme/small/bot=${i}`, 10), new Error('away'));
      const { limits, answer, retryMs } = outage.decide(asked('acme/small/bot=late', 10), new Error('away'));
      expect(limits).toEqual({ perMinute: 0, perHour: 0 });
      expect(answer.rows[0]?.granted).toBe(0);
      expect(retryMs).not.toBeNull();
    },
  );
});
