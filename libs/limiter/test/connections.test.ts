/** An instance opens a bounded number of connections, whatever it waits for: 50 instances fit into 500. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let limiter: Limiter;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await limiter.close();
  await database.drop();
});

/** The sessions of the limiter by their pool. */
async function sessions(): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<{ name: string; n: number }>(
    `SELECT application_name AS name, count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'rollgate%' GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

test.each([
  [2, { rollgate: 3, 'rollgate-looks': 2, 'rollgate-housekeeping': 3 }],
  [4, { rollgate: 5, 'rollgate-looks': 2, 'rollgate-housekeeping': 3 }],
])('with %i stripes, while everything that it does waits', async (stripes, most) => {
  limiter = openSampleLimiter(database.url, {
    stripes,
    pollEveryMs: 50,
    janitor: { everyMs: 50 },
    events: { everyMs: 50 },
    budgetMs: 2_000,
  });
  await limiter.start();
  const ask = (i: number) => limiter.acquire({ account: `a-${i}`, api: 'publish-bot', dimensions: { bot: 'b' } });
  await Promise.all(Array.from({ length: 100 }, () => ask(1)));
  const holder = await database.pool.connect();
  await holder.query(`BEGIN; LOCK TABLE rollgate.counter, rollgate.instance, rollgate.freed, rollgate.limit_event_row,
    rollgate.bucket, rollgate.lane IN ACCESS EXCLUSIVE MODE`);
  const waiting: Promise<unknown>[] = [];
  try {
    for (let i = 0; i < 64; i++) {
      waiting.push(ask(i));
      waiting.push(limiter.peek({ account: `a-${i}`, api: 'publish-bot', dimensions: { bot: 'b' } }));
    }
    await until(async () => Object.values(await sessions()).reduce((a, b) => a + b, 0) >= stripes + 6, {
      what: 'all connections are in use',
      details: sessions,
    });
    expect(await sessions()).toEqual(most);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
    await Promise.allSettled(waiting);
  }
});
