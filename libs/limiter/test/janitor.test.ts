import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import { Janitor } from '../src/store/janitor.js';
import { PostgresStore } from '../src/store/postgres-store.js';

let database: TestDatabase;
let clock: TestClock;
let store: PostgresStore;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE rollgate.counter, rollgate.bucket, rollgate.lane');
  clock = new TestClock();
  store = new PostgresStore({ pool: database.pool, clock: () => clock.nowMs });
});

const janitor = (options = {}) =>
  new Janitor({ pool: database.pool, clock: () => clock.nowMs, pauseMs: 0, stepRows: 7, ...options });

const ask = async (subjects: string[], lane = 1): Promise<number[]> => {
  const limits = { perMinute: 100, perHour: 100 };
  const { rows } = await store.acquire(subjects.map((subject) => ({ subject, lane, cost: 1, calls: 1, ...limits })));
  return rows.map(({ hourUsed }) => hourUsed);
};

const counts = async (): Promise<{ heads: number; buckets: number }> => {
  const { rows } = await database.pool.query<{ heads: number; buckets: number }>(
    'SELECT (SELECT count(*)::int FROM rollgate.counter) AS heads, (SELECT count(*)::int FROM rollgate.bucket) AS buckets',
  );
  return rows[0] as { heads: number; buckets: number };
};

const many = Array.from({ length: 50 }, (_, i) => `acme/a/bot=${i}`);

test('a sweep removes rows that no window can contain, and nothing younger', async () => {
  await ask(many);
  clock.advance({ minutes: 1 });
  await ask(many); // archives the previous minute
  await ask(['acme/busy/'], 63);
  expect(await counts()).toEqual({ heads: 51, buckets: 50 });

  clock.advance({ seconds: 3661 });
  expect(await janitor({ keepSeconds: 7200 }).sweep()).toEqual({ heads: 0, buckets: 0, busyLanes: 0, unrolled: 0 });

  clock.advance({ minutes: 2 });
  await ask(['acme/busy/'], 63);
  expect(await janitor({ keepSeconds: 7200 }).sweep()).toEqual({ heads: 50, buckets: 0, busyLanes: 0, unrolled: 0 });
  clock.advance({ minutes: 60 });
  expect(await janitor({ keepSeconds: 7200 }).sweep()).toEqual({ heads: 0, buckets: 51, busyLanes: 0, unrolled: 0 });
  expect(await counts()).toEqual({ heads: 1, buckets: 0 });
});

test('rows swept at the edge of the hour were no longer counted', async () => {
  await ask(['acme/edge/']);
  clock.advance({ seconds: 3600 });
  await janitor({ keepSeconds: 3661 }).sweep();
  expect(await ask(['acme/edge/'])).toEqual([1]);
});

test('a clock that steps back before a sweep frees no window', async () => {
  await ask(['acme/gone/']);
  clock.advance({ minutes: 70 });
  await ask(['acme/stays/']);
  expect(await janitor().sweep()).toMatchObject({ heads: 1 });
  clock.advance({ minutes: -69 });
  // If the lane's clock went back too, a whole hour's limit could be spent now and again 69 minutes later.
  await ask(['acme/gone/']);
  clock.advance({ minutes: 69 });
  expect(await ask(['acme/gone/'])).toEqual([1]);
});

test('a busy lane is skipped, not waited for', async () => {
  await ask(many);
  clock.advance({ minutes: 70 });
  const holder = await database.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT pg_advisory_xact_lock(7605, 1)');
    expect(await janitor().sweep()).toEqual({ heads: 0, buckets: 0, busyLanes: 1, unrolled: 0 });
    await holder.query('COMMIT');
  } finally {
    holder.release();
  }
  expect(await janitor().sweep()).toMatchObject({ heads: 50, busyLanes: 0 });
});

test('only one janitor sweeps at a time', async () => {
  await ask(many);
  clock.advance({ minutes: 70 });
  const passes = await Promise.all([janitor({ pauseMs: 5 }).sweep(), janitor({ pauseMs: 5 }).sweep()]);
  // A janitor that finds another one ends its pass. Together they removed every row once.
  expect(passes.reduce((heads, pass) => heads + (pass?.heads ?? 0), 0)).toBe(50);
  expect((await counts()).heads).toBe(0);
});

test('the janitor refuses to remove rows that a window may contain', async () => {
  await expect(janitor({ keepSeconds: 3600 }).sweep()).rejects.toThrow(/at least 3661 seconds/);
});

test('stop resolves within one step', async () => {
  const running = janitor({ everyMs: 1 });
  running.start();
  await running.stop();
});
