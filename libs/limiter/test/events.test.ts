/** Each denial is counted once in an event, even if the database becomes unavailable. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import type { AcquireRequest } from '../src/call/acquire-request.js';
import { createLimiter } from '../src/create-limiter.js';
import { EventsLostError, Recorder, type RecorderOptions } from '../src/events/recorder.js';
import type { Limiter } from '../src/limiter.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import { countedCalls, eventRows } from './event-rows.js';
import { type DatabaseProxy, startProxy } from './proxy.js';

const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['bot'],
    limits: { perMinute: 3, perHour: 4 },
    apis: [
      { id: 'a', title: 'A' },
      { id: 'roomy', title: 'R', limits: { perMinute: 1000, perHour: 1000 } },
    ],
  },
]);

let database: TestDatabase;
let proxy: DatabaseProxy;
let pool: pg.Pool;
let clock: TestClock;
let recorder: Recorder;
let limiter: Limiter;
let errors: unknown[];
let writes: number;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE rollgate.limit_event_row, rollgate.counter, rollgate.bucket');
  proxy = await startProxy(database.url);
  pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  pool.on('error', () => undefined);
  clock = new TestClock();
  errors = [];
  writes = 0;
  limiter = open();
});
afterEach(async () => {
  await recorder.close({ withinMs: 0 });
  await pool.end();
  await proxy.close();
});

/**
 * Decides directly on the database and records through the proxy. Events are written only by `flush` and at the end.
 */
function open(options: Partial<RecorderOptions> = {}): Limiter {
  const now = () => clock.nowMs;
  recorder = new Recorder({
    write: (rows) => {
      writes++;
      return pool.query('SELECT rollgate.write_events($1)', [rows]);
    },
    now,
    instance: 'here:1',
    everyMs: 1_000_000_000,
    onError: (error) => errors.push(error),
    ...options,
  });
  return createLimiter({ store: new PostgresStore({ pool: database.pool, clock: now }), catalogue, now, recorder });
}

const ask = (bot: string, times = 1, more: Partial<AcquireRequest> = {}): Promise<Decision[]> =>
  Promise.all(
    Array.from({ length: times }, () => limiter.acquire({ account: 'acme', api: 'a', dimensions: { bot }, ...more })),
  );

/** Counts the denials that callers received, grouped as events are. */
function tally(decisions: readonly Decision[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { deniedBy, subject, cost, decidedAtMs } of decisions) {
    if (deniedBy === null) continue;
    const key = [subject, deniedBy, cost, Math.floor(decidedAtMs / 1000)].join(' ');
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const written = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await eventRows(database.pool)).map(({ subject, window_name, cost, first_at, count }) => [
      [subject, window_name, cost, Math.floor(first_at.getTime() / 1000)].join(' '),
      count,
    ]),
  );

describe('after a clean stop', () => {
  test('the events equal the denials that callers received, one for each subject, window, cost and second', async () => {
    const seen: Decision[] = [];
    for (let i = 0; i < 120; i++) {
      const bot = `b-${i % 3}`;
      seen.push(...(await ask(bot, 1 + (i % 7))), ...(await ask(bot, 2, { cost: 2 })));
      clock.advance({ ms: [0, 400, 999, 20_000][i % 4] as number });
      if (i % 10 === 0) expect(await recorder.flush()).toBe(true);
    }
    await recorder.close();
    expect(Object.keys(tally(seen)).length).toBeGreaterThan(100);
    expect(await written()).toEqual(tally(seen));
    expect(errors).toEqual([]);
  });

  test('an event contains the answer to its first call and the number of calls', async () => {
    await ask('b', 3);
    clock.advance({ ms: 300 });
    await ask('b', 1, { route: `POST /${'x'.repeat(300)}`, requestId: 'first\u0000\ud800' });
    clock.advance({ ms: 300 });
    await ask('b', 4, { route: 'GET /later', requestId: 'later' });
    await recorder.close();
    const [row] = await eventRows(database.pool);
    expect(row).toMatchObject({
      kind: 'denied',
      account: 'acme',
      api: 'a',
      group_id: 'g',
      level: ['bot'],
      subject: 'acme/a/bot=b',
      dimensions: { bot: 'b' },
      window_name: 'minute',
      per_minute: 3,
      per_hour: 4,
      used: 3,
      cost: 1,
      source: 'default',
      mode: 'enforced',
      count: 5,
      units: 5,
      instance: 'here:1',
      first_at: new Date(clock.nowMs - 300),
      last_at: new Date(clock.nowMs),
      retry_at: new Date(Date.UTC(2026, 0, 1) + 61_000),
      request_id: 'first\ufffd\ufffd',
      merged: 'second',
    });
    expect(row?.route).toHaveLength(256);
  });

  test('denials of one second are one event, whether the database or the memory answered them', async () => {
    const decisions = await ask('b', 5);
    decisions.push(...(await ask('b', 5)));
    const denied = decisions.slice(3).map(({ id }) => id.split('.'));
    expect(new Set(denied.map(([event]) => event)).size).toBe(1);
    expect(denied.map(([, number]) => number)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(decisions[0]?.id).not.toContain('.');
    await recorder.close();
    expect(await countedCalls(database.pool)).toBe(7);
  });
});

describe('while the database is unavailable', () => {
  test('in more than a minute no denial is lost and none is counted twice', async () => {
    const seen = await ask('b', 3);
    clock.advance({ seconds: 61 });
    seen.push(...(await ask('b', 2))); // the hour is spent, so the memory answers from here on
    proxy.set('away');
    for (let second = 0; second < 90; second++) {
      seen.push(...(await ask('b', 1 + (second % 4))));
      clock.advance({ seconds: 1 });
      expect(await recorder.flush()).toBe(false);
    }
    expect(await countedCalls(database.pool)).toBe(0);
    proxy.set('open');
    expect(await recorder.flush()).toBe(true);
    expect(recorder.pending).toBe(0);
    expect(await written()).toEqual(tally(seen));
    expect(errors).toHaveLength(90);
  });

  test("the recorder's memory is bounded: events are merged by subject and minute and further, and no denial is lost", async () => {
    limiter = open({ maxRows: 40 });
    const bots = Array.from({ length: 60 }, (_, i) => `b-${i}`);
    const seen: Decision[] = [];
    for (const bot of bots) seen.push(...(await ask(bot, 5)));
    proxy.set('away');
    for (let second = 0; second < 70; second++) {
      for (const bot of bots) seen.push(...(await ask(bot, 1)));
      clock.advance({ seconds: 1 });
      if (second % 10 === 0) await recorder.flush();
      expect(recorder.pending).toBeLessThanOrEqual(40 + 10); // plus the batch that is retried
    }
    proxy.set('open');
    await recorder.close();
    const denied = seen.filter(({ deniedBy }) => deniedBy !== null).length;
    expect(await countedCalls(database.pool)).toBe(denied);
    const rows = await eventRows(database.pool);
    expect(rows.reduce((sum, { units }) => sum + units, 0)).toBe(denied);
    expect(new Set(rows.map(({ merged }) => merged))).toEqual(new Set(['second', 'minute']));
    expect(
      rows
        .filter(({ subject }) => subject === '*')
        .every(({ account, dimensions }) => account === 'acme' && Object.keys(dimensions).length === 0),
    ).toBe(true);
  });

  test('close reports within its time limit how many denials it could not write', async () => {
    await ask('b', 10);
    proxy.set('away');
    await recorder.close({ withinMs: 50 });
    const lost = errors.filter((error) => error instanceof EventsLostError);
    expect(lost).toMatchObject([{ calls: 7 }]);
  });
});

describe('writing events', () => {
  test('a write with an unknown outcome is sent again and counts once', async () => {
    await pool.query('SELECT 1'); // open the connection first, so that the answer to the write is lost
    await ask('b', 10);
    clock.advance({ seconds: 1 });
    proxy.set('mute');
    expect(await recorder.flush()).toBe(false);
    while ((await countedCalls(database.pool)) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await ask('b', 2);
    proxy.set('open');
    await recorder.close();
    expect(writes).toBeGreaterThan(1);
    expect(await countedCalls(database.pool)).toBe(9);
  });

  test('only one write runs at a time, and only for finished seconds', async () => {
    await ask('b', 10);
    await Promise.all([recorder.flush(), recorder.flush()]);
    expect(writes).toBe(0);
    clock.advance({ seconds: 1 });
    await Promise.all([recorder.flush(), recorder.flush(), recorder.flush()]);
    expect(writes).toBe(1);
  });

  test('an event that the database rejects does not prevent the others from being written', async () => {
    await database.pool.query(
      `ALTER TABLE rollgate.limit_event_row ADD CONSTRAINT no_evil CHECK (subject <> 'acme/a/bot=evil')`,
    );
    for (const bot of ['b-1', 'evil', 'b-2']) await ask(bot, 5);
    await recorder.close();
    await database.pool.query('ALTER TABLE rollgate.limit_event_row DROP CONSTRAINT no_evil');
    expect((await eventRows(database.pool)).map(({ subject }) => subject)).toEqual([
      'acme/a/bot=b-1',
      'acme/a/bot=b-2',
    ]);
    expect(errors.filter((error) => error instanceof EventsLostError)).toMatchObject([{ calls: 2 }]);
  });
});

test("a sample of grants is recorded if configured, and the ID of a grant can't be explained", async () => {
  limiter = open({ sample: { roomy: 0.1 } });
  const grants = await ask('b', 205, { api: 'roomy' });
  await ask('b', 3);
  await recorder.close();
  expect(await eventRows(database.pool)).toMatchObject([
    { kind: 'granted_sample', api: 'roomy', window_name: null, count: 20, units: 20, used: 10, filled: null },
  ]);
  const { rows } = await database.pool.query('SELECT * FROM rollgate.explain_denial($1)', [grants[9]?.id]);
  expect(rows).toEqual([]);
});

test.each([-0.1, 1.1, Number.NaN])('a sample of %d is rejected', (fraction) => {
  expect(() => open({ sample: { a: fraction } })).toThrow('must be between 0 and 1');
});
