/** Event partitions are created and dropped without blocking other sessions. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, TestClock, type TestDatabase, untilSessionWaits } from '@rollgate/testing';
import type pg from 'pg';
import { EventDays, type EventDaysOptions } from '../src/events/event-days.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import { countedCalls, writeEvents } from './event-rows.js';

/** The longest wait of a step, plus an allowance for a slow machine. */
const HELD_UP_MS = 100 + 400;
const DAY_MS = 86_400_000;

let database: TestDatabase;
let clock: TestClock;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const name of await days()) await database.pool.query(`DROP TABLE rollgate.${name}`);
  clock = new TestClock();
});

const eventDays = (options: Partial<EventDaysOptions> = {}) =>
  new EventDays({ pool: database.pool, clock: () => clock.nowMs, keepDays: 2, retryMs: 1, ...options });

const days = async (): Promise<string[]> => {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'rollgate.limit_event_row'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name.replace('rollgate.', ''));
};

const write = (id: string, atMs = clock.nowMs): Promise<number> =>
  writeEvents(database.pool, [eventToWrite({ id, first_ms: atMs })]);

const tookMs = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

test('a newly migrated database has partitions for today and the coming days', async () => {
  const fresh = await createTestDatabase();
  try {
    const { rows } = await fresh.pool.query<{ found: boolean }>(
      `SELECT to_regclass('rollgate.limit_event_' || to_char(now() AT TIME ZONE 'UTC' + i * interval '1 day', 'YYYYMMDD')) IS NOT NULL AS found
       FROM generate_series(0, 1) i`,
    );
    expect(rows.map(({ found }) => found)).toEqual([true, true]);
  } finally {
    await fresh.drop();
  }
});

test('when two instances create the same day at once, the second one finds it created', async () => {
  const [first, second] = [await database.pool.connect(), await database.pool.connect()];
  const make = async (client: pg.PoolClient): Promise<boolean | undefined> =>
    (await client.query<{ made: boolean }>(`SELECT rollgate.make_event_day('2026-03-01') AS made`)).rows[0]?.made;
  try {
    await first.query('BEGIN');
    expect(await make(first)).toBe(true);
    const waits = make(second);
    await untilSessionWaits(database.pool);
    await first.query('COMMIT');
    expect(await waits).toBe(false);
  } finally {
    await first.query('ROLLBACK');
    first.release();
    second.release();
  }
});

test('a pass creates today and three days ahead, and drops days past retention', async () => {
  for (let ago = 0; ago < 5; ago++) await write(`ago-${ago}`, clock.nowMs - ago * DAY_MS);
  expect(await eventDays().pass()).toEqual({
    did: [
      'made limit_event_20260102',
      'made limit_event_20260103',
      'made limit_event_20260104',
      'dropped limit_event_20251228',
      'dropped limit_event_20251229',
    ],
    heldUp: false,
  });
  expect((await days())[0]).toBe('limit_event_20251230');
  expect(await countedCalls(database.pool)).toBe(3);
  expect(await eventDays().pass()).toEqual({ did: [], heldUp: false });
});

test('a write creates a missing day, also when two writes run at once', async () => {
  const midnight = Date.UTC(2026, 5, 1);
  const written = await Promise.all(
    [0, 1, 2, 3].map((i) =>
      writeEvents(database.pool, [
        eventToWrite({ id: `before-${i}`, first_ms: midnight - 1 }),
        eventToWrite({ id: `after-${i}`, first_ms: midnight }),
      ]),
    ),
  );
  expect(written).toEqual([2, 2, 2, 2]);
  expect(await days()).toEqual(['limit_event_20260531', 'limit_event_20260601']);
});

describe('while an open transaction reads the whole table', () => {
  let reader: pg.PoolClient;
  const open = async (): Promise<void> => {
    reader = await database.pool.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM rollgate.limit_event');
  };
  const close = async (): Promise<void> => {
    await reader.query('COMMIT');
    reader.release();
  };

  test('days are still created', async () => {
    await write('today');
    await open();
    try {
      clock.advance({ minutes: 24 * 60 });
      expect(await eventDays().pass()).toMatchObject({ did: { length: 4 }, heldUp: false });
    } finally {
      await close();
    }
  });

  test('a drop gives up and blocks others no longer than its lock_timeout, and succeeds once the reader is done', async () => {
    await write('old', clock.nowMs - 10 * DAY_MS);
    await eventDays({ keepDays: 30 }).pass();
    const store = new PostgresStore({ pool: database.pool, clock: () => clock.nowMs });
    const item = { lane: 1, cost: 1, calls: 1, perMinute: 100, perHour: 100 };
    await store.acquire([{ ...item, subject: 'acme/a/bot=0' }]);
    await open();
    try {
      const pass = eventDays().pass();
      let over = false;
      void pass.then(() => {
        over = true;
      });
      const waits: number[] = [];
      for (let i = 1; !over; i++) {
        waits.push(await tookMs(() => write(`meanwhile-${i}`)));
        waits.push(await tookMs(() => store.acquire([{ ...item, subject: `acme/a/bot=${i}` }])));
        waits.push(await tookMs(() => countedCalls(database.pool)));
      }
      expect(await pass).toEqual({ did: [], heldUp: true });
      expect(waits.length).toBeGreaterThan(3);
      expect(Math.max(...waits)).toBeLessThan(HELD_UP_MS);
    } finally {
      await close();
    }
    expect(await eventDays().pass()).toEqual({ did: ['dropped limit_event_20251222'], heldUp: false });
  });

  test('a reader of only the old day blocks nothing except the drop of that day', async () => {
    await write('old', clock.nowMs - 10 * DAY_MS);
    await eventDays({ keepDays: 30 }).pass();
    const holder = await database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT count(*) FROM rollgate.limit_event_20251222');
    expect(await eventDays().pass()).toEqual({ did: [], heldUp: true });
    await holder.query('COMMIT');
    holder.release();
    expect(await eventDays().pass()).toMatchObject({ did: { length: 1 } });
  });
});

test('only one instance runs a pass at a time', async () => {
  const other = await database.pool.connect();
  await other.query('BEGIN');
  await other.query('SELECT pg_advisory_xact_lock(7607, 0)');
  expect(await eventDays().pass()).toEqual({ did: [], heldUp: true });
  await other.query('COMMIT');
  other.release();
  const passes = await Promise.all([eventDays(), eventDays(), eventDays()].map((one) => one.pass()));
  expect(passes.flatMap(({ did }) => did).sort()).toEqual([1, 2, 3, 4].map((day) => `made limit_event_2026010${day}`));
});

test('rows about freed subjects are removed together with archived minutes', async () => {
  await database.pool.query(
    `INSERT INTO rollgate.freeing SELECT 's', $1::timestamptz - i * interval '1 day' FROM generate_series(0, 4) i`,
    [clock.now],
  );
  expect((await eventDays().pass()).did.at(-1)).toBe('removed 2 old rows of freeing');
  await database.pool.query('TRUNCATE rollgate.freeing');
});

test.each([
  [0, 3],
  [90, 0],
])('keeping %d days and creating %d ahead is rejected', async (keep, ahead) => {
  await expect(database.pool.query('SELECT rollgate.maintain_events($1, $2)', [keep, ahead])).rejects.toThrow(
    /at least/,
  );
});

test('the roles that need to maintain events may do so and nothing else', async () => {
  const as = async (role: string, sql: string): Promise<string> => {
    const client = await database.pool.connect();
    try {
      await client.query(`SET ROLE ${role}`);
      await client.query(sql);
      return 'may';
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.query('RESET ROLE');
      client.release();
    }
  };
  const batch = JSON.stringify([eventToWrite({ id: 'by-runtime', first_ms: clock.nowMs })]);
  expect(await as('rollgate_runtime', `SELECT rollgate.write_events('${batch}')`)).toBe('may');
  expect(await as('rollgate_maintenance', 'SELECT rollgate.maintain_events(90, 3)')).toBe('may');
  expect(await as('rollgate_admin_api', `SELECT rollgate.explain_denial('x')`)).toBe('may');
  expect(await as('rollgate_admin_api', 'SELECT * FROM rollgate.limit_event')).toBe('may');
  expect(await as('rollgate_runtime', 'SELECT * FROM rollgate.limit_event')).toMatch(/permission denied/);
  expect(await as('rollgate_runtime', 'SELECT rollgate.maintain_events(90, 3)')).toMatch(/permission denied/);
  expect(await as('rollgate_admin_api', 'DELETE FROM rollgate.limit_event_row')).toMatch(/permission denied/);
});

test('stop resolves within one step', async () => {
  const running = eventDays({ everyMs: 1_000_000 });
  running.start();
  await running.stop();
});
