/** Billions of units with resets: no number overflows, and the answers equal those of a plain log. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MAX_UNITS } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { MemoryStore } from '../src/store/memory-store.js';
import { PostgresStore } from '../src/store/postgres-store.js';

const START_MS = Date.UTC(2026, 0, 1);
const LANE = 5;
let database: TestDatabase;
let subjects = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      step: fc.constantFrom(0, 0, 1, 30, 60, 61, 600, 3_600),
      cost: fc.constantFrom(1, 400_000_000, 900_000_000, MAX_UNITS),
      calls: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refund' as const), units: fc.constantFrom(1, MAX_UNITS) }) },
);

test('the largest limit can be spent and reset repeatedly within a minute and an hour', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 3, maxLength: 25 }), async (actions) => {
      const subject = `acme/a/bot=${++subjects}`;
      let nowMs = START_MS;
      const clock = (): number => nowMs;
      const memory = new MemoryStore({ clock });
      const postgres = new PostgresStore({ pool: database.pool, clock });
      let granted = 0;
      for (const one of actions) {
        if (one.kind === 'acquire') {
          nowMs += one.step * 1000;
          const { cost, calls } = one;
          const item = { subject, lane: LANE, cost, calls, perMinute: MAX_UNITS, perHour: MAX_UNITS };
          const [expected, found] = [await memory.acquire([item]), await postgres.acquire([item])];
          expect({ nowMs, rows: found.rows }).toEqual({ nowMs, rows: expected.rows });
          if ((expected.rows[0]?.granted ?? 0) > 0) granted = Math.floor(nowMs / 1000);
        } else if (one.kind === 'reset') {
          await memory.reset(LANE, subject);
          await postgres.reset(LANE, subject);
        } else {
          const grant = { subject, second: granted, units: one.units };
          expect(await postgres.refund(LANE, grant)).toBe(await memory.refund(LANE, grant));
        }
      }
      expect(await postgres.peek(LANE, [subject])).toEqual(await memory.peek(LANE, [subject]));
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('units granted and then reset stay on record, up to the most that a minute can store', async () => {
  const postgres = new PostgresStore({ pool: database.pool, clock: () => START_MS });
  const item = {
    subject: 'acme/a/record',
    lane: LANE,
    cost: MAX_UNITS,
    calls: 1,
    perMinute: MAX_UNITS,
    perHour: MAX_UNITS,
  };
  for (let i = 0; i < 4; i++) {
    expect((await postgres.acquire([item])).rows[0]?.granted).toBe(1);
    await postgres.reset(LANE, item.subject);
  }
  const { rows } = await database.pool.query('SELECT total, cleared FROM rollgate.counter WHERE subject = $1', [
    item.subject,
  ]);
  expect(rows).toEqual([{ total: String(4 * MAX_UNITS), cleared: String(4 * MAX_UNITS) }]);
});
