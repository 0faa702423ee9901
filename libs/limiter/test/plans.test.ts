/** The decision gives the same answers under every plan that Postgres may choose. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import pg from 'pg';
import { MemoryStore } from '../src/store/memory-store.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import type { AcquireItem } from '../src/store/store.js';
import { planRules, WITHOUT_OWN_SETTINGS } from './plan-rules.js';
import { ReferenceLog } from './reference.js';

const RUNS = Number(process.env['ROLLGATE_PLAN_RUNS'] ?? 40);
/** For each table. */
const MOST_MS = RUNS * 60;
const START = Date.UTC(2026, 0, 1) / 1000;

describe('by rule', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test.each(Object.entries(planRules))('%s', (_rule, check) => check(database.pool));

  test('a batch is answered by key after the first ANALYZE of a young table', async () => {
    const { pool } = database;
    const ask = async (subjects: string[], calls: number[]) => {
      const same = (value: number): number[] => subjects.map(() => value);
      const { rows } = await pool.query<{ item: number[]; granted: number[] }>(
        'SELECT item, granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6)',
        [same(7), subjects, same(1), calls, same(1000), same(1000)],
      );
      const { item, granted } = rows[0] as { item: number[]; granted: number[] };
      return Object.fromEntries(item.map((place, i) => [subjects[place - 1], granted[i]]));
    };
    await ask(['aa', 'mm', 'zz'], [1, 1, 1]);
    await pool.query('ANALYZE rollgate.counter');
    expect(await ask(['zz', 'mm', 'aa'], [1, 2, 5])).toEqual({ zz: 1, mm: 2, aa: 5 });
  });
});

/** Every planner setting that can change how the decision finds and joins its rows. */
const SETTINGS = [
  'enable_nestloop',
  'enable_hashjoin',
  'enable_mergejoin',
  'enable_seqscan',
  'enable_indexscan',
  'enable_indexonlyscan',
  'enable_bitmapscan',
  'enable_tidscan',
  'enable_sort',
  'enable_incremental_sort',
  'enable_hashagg',
  'enable_material',
  'enable_memoize',
] as const;
const CACHE_MODES = ['auto', 'force_generic_plan', 'force_custom_plan'] as const;

interface Planner {
  readonly off: readonly string[];
  readonly cache: (typeof CACHE_MODES)[number];
}
const planner: fc.Arbitrary<Planner> = fc.record({
  off: fc.subarray([...SETTINGS]),
  cache: fc.constantFrom(...CACHE_MODES),
});

/** A few names in no order, so that batches meet head rows of this minute, older head rows, and missing ones. */
const NAMES = ['zz', 'b', 'mm', 'aa', 'y', 'c', 'nn', 'Z', 'a-b', 'ab'];
const LANES = [3, 7];

const item = fc.record({
  name: fc.constantFrom(...NAMES),
  cost: fc.integer({ min: 1, max: 4 }),
  calls: fc.integer({ min: 1, max: 5 }),
  perMinute: fc.constantFrom(0, 3, 9, 30),
  perHour: fc.constantFrom(6, 25, 60),
});
const batch = fc.record({
  step: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 0, 0, 1, 2) },
    { weight: 3, arbitrary: fc.constantFrom(30, 59, 60, 61, 119) },
    { weight: 1, arbitrary: fc.constantFrom(-3, -70, 3540, 3600, 3601) },
  ),
  items: fc.uniqueArray(item, { selector: ({ name }) => name, minLength: 1, maxLength: NAMES.length }),
  doubled: fc.boolean(),
});
type Batch = typeof batch extends fc.Arbitrary<infer One> ? One : never;

const TABLES = [0, 20, 1_000, 10_000].flatMap((heads) =>
  [true, false].flatMap((analyzed) => [true, false].map((own) => ({ heads, analyzed, own }))),
);

describe.each(TABLES)('$heads heads, analyzed: $analyzed, settings of its own: $own', ({ heads, analyzed, own }) => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let now = START;
  let runs = 0;
  const clock = (): number => now * 1000;

  beforeAll(async () => {
    database = await createTestDatabase();
    // Use one session, so that a run's settings and plans apply to its statements.
    pool = new pg.Pool({ connectionString: database.url, max: 1 });
    await pool.query('ALTER TABLE rollgate.counter SET (autovacuum_enabled = false)');
    await pool.query(
      `INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
       SELECT (ARRAY[3, 7, 9])[i % 3 + 1], 'filler-' || i, $2::int / 60 + i % 2, 1, '{0}', '{1}', 0, 0
       FROM generate_series(1, $1::int) i`,
      [heads, START],
    );
    if (analyzed) await pool.query('ANALYZE rollgate.counter, rollgate.bucket');
    if (!own) await pool.query(WITHOUT_OWN_SETTINGS);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function plan({ off, cache }: Planner): Promise<void> {
    const settings = [...off.map((name) => `SET ${name} = off`), `SET plan_cache_mode = ${cache}`];
    await pool.query(`RESET ALL; ${settings.join('; ')}; DISCARD PLANS`);
  }

  async function replay(batches: readonly Batch[]): Promise<void> {
    const run = ++runs;
    now = START + (run % 3) * 20;
    const postgres = new PostgresStore({ pool, clock });
    const memory = new MemoryStore({ clock });
    const logs = new Map<string, ReferenceLog>();
    for (const { step, items, doubled } of batches) {
      now += step;
      const asked = items.map(({ name, ...rest }): AcquireItem => {
        const subject = `${name}/${run}`;
        return { subject, lane: LANES[NAMES.indexOf(name) % LANES.length] as number, ...rest };
      });
      if (doubled)
        await expect(postgres.acquire([...asked, asked[0] as AcquireItem])).rejects.toMatchObject({ code: '22023' });
      const inMemory = await memory.acquire(asked);
      const expected = asked.map((one) => {
        const log = logs.get(one.subject) ?? new ReferenceLog();
        logs.set(one.subject, log);
        return log.acquire({ at: now, ...one });
      });
      expect(inMemory.rows).toMatchObject(expected);
      expect({ now, rows: (await postgres.acquire(asked)).rows }).toEqual({ now, rows: inMemory.rows });
    }
  }

  test('every item of every batch is answered as by a plain log of its own units', async () => {
    await fc.assert(
      fc.asyncProperty(planner, fc.array(batch, { minLength: 2, maxLength: 5 }), async (chosen, batches) => {
        await plan(chosen);
        await replay(batches);
      }),
      // On a busy machine the test makes fewer runs instead of taking longer.
      { numRuns: RUNS, interruptAfterTimeLimit: MOST_MS },
    );
  }, 60_000);
});
