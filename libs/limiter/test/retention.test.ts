import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import { Janitor } from '../src/store/janitor.js';
import { PostgresStore } from '../src/store/postgres-store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('archived minutes of a chosen API are kept longer, those of other APIs are not, and none are kept shorter', async () => {
  const clock = new TestClock();
  const store = new PostgresStore({ pool: database.pool, clock: () => clock.nowMs });
  await database.pool.query(
    `INSERT INTO rollgate.retention VALUES ('kept', 14400), ('@together', 14400), ('short', 3661)`,
  );
  const item = { lane: 1, cost: 1, calls: 1, perMinute: 10, perHour: 10 };
  for (let minute = 0; minute < 2; minute++) {
    await store.acquire(
      ['kept', '@together', 'short', 'other'].map((api) => ({ ...item, subject: `acme/${api}/bot=b` })),
    );
    clock.advance({ minutes: 1 });
  }
  const kept = async (): Promise<string[]> => {
    await new Janitor({ pool: database.pool, clock: () => clock.nowMs, keepSeconds: 7200, pauseMs: 0 }).sweep();
    const { rows } = await database.pool.query<{ subject: string }>('SELECT subject FROM rollgate.bucket ORDER BY 1');
    return rows.map(({ subject }) => subject.split('/')[1] as string);
  };
  clock.advance({ minutes: 110 });
  expect(await kept()).toEqual(['@together', 'kept', 'other', 'short']);
  clock.advance({ minutes: 20 });
  expect(await kept()).toEqual(['@together', 'kept']);
  clock.advance({ minutes: 120 });
  expect(await kept()).toEqual([]);
});
