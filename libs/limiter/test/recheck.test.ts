/** Rechecks denials against the recorded units: no denied call had room. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue } from '@rollgate/contract';
import { createTestDatabase, eventToWrite, TestClock, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import { Janitor } from '../src/store/janitor.js';
import { writeEvents } from './event-rows.js';

const catalogue = new Catalogue([
  {
    id: 'bot-definition',
    title: 'G',
    level: ['bot'],
    limits: { perMinute: 5, perHour: 12 },
    apis: [{ id: 'publish-bot', title: 'P' }],
  },
]);

let database: TestDatabase;
let clock: TestClock;
let limiter: Limiter;
let bots = 0;
let request: { account: string; api: string; dimensions: { bot: string } };
let subject: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(
    'TRUNCATE rollgate.limit_event_row, rollgate.freeing, rollgate.lane, rollgate.counter, rollgate.bucket',
  );
  clock = new TestClock();
  limiter = createPostgresLimiter({
    databaseUrl: database.url,
    catalogue,
    clock: () => clock.nowMs,
    janitor: false,
    budgetMs: 20_000,
  });
  request = { account: 'acme', api: 'publish-bot', dimensions: { bot: `b-${++bots}` } };
  subject = `acme/publish-bot/bot=b-${bots}`;
});

const ask = (times: number, cost = 1) =>
  Promise.all(Array.from({ length: times }, () => limiter.acquire({ ...request, cost })));

const recheck = async () => {
  const { rows } = await database.pool.query('SELECT * FROM rollgate.recheck_decisions()');
  return rows;
};

const seed = (changes: Record<string, unknown> = {}) =>
  writeEvents(database.pool, [
    eventToWrite({ id: 'seeded', first_ms: clock.nowMs, subject, per_minute: 5, per_hour: 12, used: 5, ...changes }),
  ]);

describe('correct denials are not listed', () => {
  test('no denial is listed after hours of calls of several costs, at every edge', async () => {
    let denied = 0;
    for (let i = 0; i < 150; i++) {
      for (const { deniedBy } of [...(await ask(3)), ...(await ask(1, 3))]) if (deniedBy !== null) denied++;
      clock.advance({ ms: [200, 900, 7300, 61_000, 59_999, 1][i % 6] as number });
    }
    await limiter.close();
    expect(denied).toBeGreaterThan(300);
    expect(await recheck()).toEqual([]);
  }, 90_000);

  test('no denial is listed after refunds and resets before and after denials', async () => {
    const granted = await ask(5);
    await ask(2);
    clock.advance({ seconds: 5 });
    await limiter.refund(granted[0] as never);
    await ask(2);
    clock.advance({ seconds: 5 });
    await limiter.reset(request);
    await ask(7);
    clock.advance({ seconds: 30 });
    await ask(4);
    await limiter.close();
    // A refund uses the database's clock and the calls use the test's: set both to the same time.
    await database.pool.query(`UPDATE rollgate.freeing SET at = '2026-01-01T00:00:10Z'`);
    expect(await recheck()).toEqual([]);
  });

  test('a denial of an idle subject whose rows the janitor removed is not listed', async () => {
    await ask(7);
    await limiter.close();
    clock.advance({ minutes: 70 });
    await new Janitor({ pool: database.pool, clock: () => clock.nowMs, pauseMs: 0 }).sweep();
    expect((await database.pool.query('SELECT FROM rollgate.counter')).rowCount).toBe(0);
    expect(await recheck()).toEqual([]);
  });

  test('a denial of a cost above the limit is not listed, because it needs no used units', async () => {
    await ask(1, 6);
    await limiter.close();
    expect(await recheck()).toEqual([]);
  });
});

describe('wrong denials are listed', () => {
  test('a denial with room in the minute is listed', async () => {
    await ask(4);
    clock.advance({ seconds: 1 });
    await limiter.close();
    await seed();
    expect(await recheck()).toMatchObject([
      { event_id: 'seeded', used_recorded: '4', used_reported: 5, limit_units: 5, cost: 1, window_name: 'minute' },
    ]);
  });

  test('a denial after the window drained is listed: the last unit counts within 61 seconds, not within 62', async () => {
    await ask(5);
    await limiter.close();
    clock.advance({ seconds: 60 });
    await seed();
    expect(await recheck()).toEqual([]);
    clock.advance({ seconds: 1 });
    await seed({ id: 'drained' });
    expect(await recheck()).toMatchObject([{ event_id: 'drained', used_recorded: '0' }]);
  });

  test('a denial with room in the hour is listed, whatever minutes are in between', async () => {
    for (let i = 0; i < 3; i++) {
      await ask(3);
      clock.advance({ minutes: 5 });
    }
    await limiter.close();
    await seed({ window_name: 'hour', used: 12 });
    await seed({ id: 'right', window_name: 'hour', used: 12, cost: 4 });
    expect(await recheck()).toMatchObject([{ event_id: 'seeded', used_recorded: '9' }]);
  });

  test('a denial long after a reset emptied the windows is listed', async () => {
    await ask(5);
    await limiter.reset(request);
    await ask(1);
    await limiter.close();
    await database.pool.query(`UPDATE rollgate.freeing SET at = '2026-01-01T00:00:00Z'`);
    clock.advance({ seconds: 10 });
    await seed();
    expect(await recheck()).toMatchObject([{ event_id: 'seeded', used_recorded: '1' }]);
  });

  test('a denial of a subject that never had a unit is listed while nothing can have been swept', async () => {
    await limiter.close();
    await seed({ first_ms: Date.now() });
    expect(await recheck()).toMatchObject([{ event_id: 'seeded', used_recorded: '0' }]);
  });
});
