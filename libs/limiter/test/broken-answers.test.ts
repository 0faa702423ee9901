/**
 * An inconsistent answer of the store is not used for decisions: the API's outage mode applies, and the fault is
 * reported.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import type { Report } from '../src/reports.js';
import { BrokenAnswerError } from '../src/store/broken-answers.js';

const catalogue = new Catalogue([
  { id: 'g', title: 'G', level: ['bot'], limits: { perMinute: 10, perHour: 90 }, apis: [{ id: 'a', title: 'A' }] },
]);
/** Three bots with 1, 2 and 5 equal calls, which form one batch of three items. */
const BOTS: Readonly<Record<string, number>> = { zz: 1, mm: 2, aa: 5 };
const CALLS = 8;

let database: TestDatabase;
let limiter: Limiter | undefined;
let reports: Report[];

beforeEach(async () => {
  database = await createTestDatabase();
  reports = [];
});
afterEach(async () => {
  await limiter?.close();
  limiter = undefined;
  await database.drop();
});

/** Runs the real decision and then `spoil`, plpgsql that changes its answer. */
async function spoilAnswers(spoil: string): Promise<void> {
  await database.pool.query(`
    ALTER FUNCTION rollgate.acquire RENAME TO acquire_original;
    CREATE FUNCTION rollgate.acquire(
      p_lanes int[], p_subjects text[], p_costs int[], p_calls int[], p_per_minute int[], p_per_hour int[],
      p_now timestamptz DEFAULT NULL, p_durable boolean DEFAULT true,
      OUT now_ms bigint, OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[],
      OUT hour_reset int[], OUT retry_at int[], OUT second int[])
    LANGUAGE plpgsql SECURITY DEFINER AS $spoil$
    BEGIN
      SELECT t.* INTO now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
      FROM rollgate.acquire_original(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, p_now, p_durable) t;
      -- A connection is opened with an empty batch.
      IF cardinality(p_subjects) > 0 THEN ${spoil} END IF;
    END $spoil$`);
}

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<Limiter> {
  limiter = createPostgresLimiter({
    databaseUrl: database.url,
    ownApis: catalogue,
    janitor: false,
    budgetMs: 10_000,
    onReport: (report) => void reports.push(report),
    ...options,
  });
  await limiter.start();
  return limiter;
}

const askAll = (of: Limiter): Promise<PromiseSettledResult<Decision>[]> =>
  Promise.allSettled(
    Object.entries(BOTS).flatMap(([bot, calls]) =>
      Array.from({ length: calls }, () => of.acquire({ account: 'acme', api: 'a', dimensions: { bot } })),
    ),
  );

const SPOILS = [
  [
    'an item has no row',
    'item := item[:2]; granted := granted[:2]; minute_used := minute_used[:2]; hour_used := hour_used[:2]; minute_reset := minute_reset[:2]; hour_reset := hour_reset[:2]; retry_at := retry_at[:2]; second := second[:2];',
  ],
  ['an item has two rows', 'item[2] := item[1];'],
  ['a row belongs to no item', 'item[2] := 4;'],
  ['a row has no key', 'item[2] := NULL;'],
  ['there are fewer grants than keys', 'granted := granted[:2];'],
  ['there are no grants', 'granted := NULL;'],
] as const;

describe.each(SPOILS)('%s', (_what, spoil) => {
  test('the answer decides no call of the batch: this instance decides within its share, and the fault is reported once', async () => {
    await spoilAnswers(spoil);
    const settled = await askAll(await open());
    const decisions = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    expect(decisions.map((one) => [one?.allowed, one?.mode])).toEqual(
      new Array(CALLS).fill([true, 'fallback_allowed']),
    );
    const broken = reports.filter(({ topic }) => topic === 'answers');
    expect(broken).toHaveLength(1);
  });

  test('without an outage mode every caller gets the error', async () => {
    await spoilAnswers(spoil);
    for (const one of await askAll(await open({ outage: false })))
      expect(one).toMatchObject({ status: 'rejected', reason: expect.any(BrokenAnswerError) });
  });
});

describe.each([
  [
    'a call is denied although both windows have room for it',
    'granted := array_fill(0, ARRAY[cardinality(granted)]);',
    CALLS,
  ],
  [
    'one item is answered with the grants of another',
    'granted := ARRAY(SELECT p_calls[4 - i] FROM unnest(item) i);',
    4,
  ],
  ['calls are granted above the limit', 'minute_used := array_fill(9, ARRAY[cardinality(item)]);', 5],
  [
    'a denial has no time to retry',
    'granted := array_fill(0, ARRAY[cardinality(item)]); minute_used := array_fill(10, ARRAY[cardinality(item)]); retry_at := array_fill(NULL::int, ARRAY[cardinality(item)]);',
    CALLS,
  ],
])('%s', (_what, spoil, contradicted) => {
  test('this instance decides the calls that the answer contradicts, and the answer decides the others', async () => {
    await spoilAnswers(spoil);
    const settled = await askAll(await open());
    const decisions = settled.map((one) => (one as PromiseFulfilledResult<Decision>).value);
    expect(decisions.filter(({ mode }) => mode.startsWith('fallback'))).toHaveLength(contradicted);
    for (const { allowed, violated, retryAfterMs } of decisions.filter((one) => !one.allowed))
      expect({ allowed, violated, retryAfterMs }).toEqual({
        allowed: false,
        violated: [expect.any(String)],
        retryAfterMs: expect.any(Number),
      });
    expect(reports.filter(({ topic }) => topic === 'answers')).toHaveLength(1);
  });

  test('without an outage mode the callers of those calls get the error', async () => {
    await spoilAnswers(spoil);
    const rejected = (await askAll(await open({ outage: false }))).filter(({ status }) => status === 'rejected');
    expect(rejected).toHaveLength(contradicted);
    for (const one of rejected) expect(one).toMatchObject({ reason: expect.any(BrokenAnswerError) });
  });
});

test('peek fails if the answer has no counts for a subject', async () => {
  await database.pool.query(`
    ALTER FUNCTION rollgate.peek RENAME TO peek_original;
    CREATE FUNCTION rollgate.peek(p_lane int, p_subjects text[], p_now timestamptz DEFAULT NULL)
    RETURNS TABLE (now_ms bigint, subject text, seconds int[], units int[]) LANGUAGE sql AS
    $$ SELECT now_ms, 'another-subject', seconds, units FROM rollgate.peek_original(p_lane, p_subjects, p_now) $$`);
  const asked = (await open()).peek({ account: 'acme', api: 'a', dimensions: { bot: 'zz' } });
  await expect(asked).rejects.toMatchObject({ cause: expect.any(BrokenAnswerError) });
  expect(reports.map(({ topic }) => topic)).toEqual(['answers']);
});
