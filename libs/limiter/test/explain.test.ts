/** Every denial can be explained later by its ID. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, eventToWrite, TestClock, type TestDatabase } from '@rollgate/testing';
import type { AcquireRequest } from '../src/call/acquire-request.js';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import { eventRows, writeEvents } from './event-rows.js';

let database: TestDatabase;
let clock: TestClock;
let limiter: Limiter;
let request: AcquireRequest & { dimensions: { bot: string } };
let bots = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE rollgate.limit_event_row');
  // Start at a full minute slightly in the future, so that changes made now precede it.
  clock = new TestClock((Math.floor(Date.now() / 60_000) + 3) * 60_000);
  limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: database.url,
    clock: () => clock.nowMs,
    janitor: false,
    budgetMs: 20_000,
  });
  request = { account: 'acme', api: 'publish-bot', dimensions: { bot: `b-${++bots}` } };
});

const ask = (times: number, more: Partial<AcquireRequest> = {}): Promise<Decision[]> =>
  Promise.all(Array.from({ length: times }, () => limiter.acquire({ ...request, ...more })));

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
const explain = async (id: string): Promise<any> => {
  const { rows } = await database.pool.query('SELECT * FROM rollgate.explain_denial($1)', [id]);
  expect(rows.length).toBeLessThan(2);
  return rows[0];
};

const second = (ms: number): number => Math.floor(ms / 1000);
const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
const time = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

const createOverride = async (spec: Record<string, unknown>): Promise<string> => {
  const { rows } = await database.pool.query<{ id: string }>(
    `SELECT (changed).id FROM rollgate.create_override($1, ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author)`,
    [JSON.stringify({ allow_lowering: true, ...spec })],
  );
  await limiter.refreshPolicy();
  return rows[0]?.id as string;
};

describe('a denial', () => {
  test('a denial by the minute under the default shows what was used, since when, and when the call would be allowed', async () => {
    const t = clock.nowMs;
    await ask(20);
    clock.advance({ seconds: 10 });
    await ask(40);
    clock.advance({ seconds: 5 });
    const denials = await ask(3, { route: 'POST /bots/:botId/publish', requestId: 'req-7' });
    await limiter.close();

    const explained = await explain((denials[2] as Decision).id);
    const subject = `acme/publish-bot/bot=b-${bots}`;
    expect(explained).toMatchObject({
      id: denials[2]?.id,
      number: '3',
      kind: 'denied',
      account: 'acme',
      api: 'publish-bot',
      subject,
      at: new Date(clock.nowMs),
      window: 'minute',
      limit: 60,
      used: 60,
      cost: 1,
      source: 'default',
      catalogue_version: 1,
      override_created_by: null,
      filled: [
        [second(t), 20],
        [second(t) + 10, 40],
      ],
      allowed_again_at: new Date(t + 61_000),
      count: 3,
      mode: 'enforced',
      route: 'POST /bots/:botId/publish',
      request_id: 'req-7',
    });
    expect(explained.sentence).toBe(
      `Call 3 of acme to publish-bot was denied at ${utc(clock.nowMs)} because ${subject} had used 60 of the 60 units ` +
        'allowed in any 60 seconds and the call costs 1; the limit is the default of catalogue version 1; the window was ' +
        `filled from ${time(t)} to ${time(t + 10_000)}, most of it (40 of 60) in the second of ${time(t + 10_000)}; ` +
        `the call would be allowed at ${utc(t + 61_000)}; it is one of 3 such calls of that second, ` +
        'route POST /bots/:botId/publish, the first with HTTP request ID req-7.',
    );
  });

  test('a denial by the hour under an override shows who created the override, why, and until when', async () => {
    const expires = clock.nowMs + 86_400_000;
    const id = await createOverride({
      account: 'acme',
      api: 'publish-bot',
      per_minute: 100,
      per_hour: 150,
      reason: 'Launch week',
      ticket: 'T-1',
      expires_at: new Date(expires),
    });
    const t = clock.nowMs;
    await ask(100);
    clock.advance({ minutes: 2 });
    const [, denied] = [await ask(50), (await ask(1))[0]];
    await limiter.close();
    const explained = await explain(denied?.id as string);
    expect(explained).toMatchObject({
      window: 'hour',
      limit: 150,
      used: 150,
      source: id,
      override_created_by: 'staff:ann',
      override_reason: 'Launch week',
      override_ticket: 'T-1',
      override_expires_at: new Date(expires),
      filled: [
        [second(t), 100],
        [second(t) + 120, 50],
      ],
      allowed_again_at: new Date(t + 3_601_000),
    });
    expect(explained.sentence).toContain(
      `the limit is override ${id} by staff:ann with the reason "Launch week", ticket T-1, until ${utc(expires)};`,
    );
    expect(explained.sentence).toContain(`most of it (100 of 150) in the minute of ${time(t)};`);
    await limiter.close();
    await database.pool.query(
      `SELECT rollgate.expire_override($1, NULL, 'over', ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author)`,
      [id],
    );
  });

  test('a denial is explained by the state at that time, even after the counters were removed', async () => {
    await ask(61);
    await limiter.close();
    const [event] = await eventRows(database.pool);
    await database.pool.query('TRUNCATE rollgate.counter, rollgate.bucket');
    expect(await explain(event?.id as string)).toMatchObject({
      number: null,
      used: 60,
      filled: [[second(clock.nowMs), 60]],
    });
  });

  test('a denial from memory is found by its event, and a later one of the minute by what filled the window', async () => {
    await ask(60);
    const first = (await ask(2))[1] as Decision;
    clock.advance({ seconds: 2 });
    const later = (await ask(2))[1] as Decision;
    await limiter.close();
    expect(later.id).toMatch(/\.2$/);
    expect(later.id.split('.')[0]).not.toBe(first.id.split('.')[0]);
    const rows = await eventRows(database.pool);
    expect(rows.map(({ filled }) => filled !== null)).toEqual([true, false]);
    expect((await explain(later.id)).filled).toEqual(rows[0]?.filled);
    expect((await explain(later.id)).at).toEqual(new Date(clock.nowMs));
  });

  test('the explanation of a cost above the limit says that retrying does not help', async () => {
    const [denied] = await ask(1, { cost: 61 });
    await limiter.close();
    const { sentence, allowed_again_at } = await explain(denied?.id as string);
    expect(allowed_again_at).toBeNull();
    expect(sentence).toContain('because the call costs 61 units and');
    expect(sentence).toContain('retrying does not help');
  });

  test('the explanation of a denial in shadow mode says that the call was allowed', async () => {
    await createOverride({ account: 'shady', mode: 'shadow', reason: 'trial' });
    const decisions = await ask(61, { account: 'shady' });
    await limiter.close();
    const shadowed = decisions[60] as Decision;
    expect(shadowed).toMatchObject({ allowed: true, deniedBy: 'minute' });
    expect(await explain(shadowed.id)).toMatchObject({ mode: 'shadow', count: 1 });
    expect((await explain(shadowed.id)).sentence).toContain(
      'was let through in shadow mode, and would have been denied at',
    );
  });
});

describe('a denial ID', () => {
  test('an unknown ID explains nothing', async () => {
    const [grant] = await ask(1);
    await ask(61);
    await limiter.close();
    const [event] = await eventRows(database.pool);
    for (const id of [
      grant?.id,
      'nobody',
      '',
      'nobody.1',
      `${event?.id}.0`,
      `${event?.id}.3`,
      `${event?.id}.x!`,
      `${event?.id}.`,
    ]) {
      expect(await explain(id as string)).toBeUndefined();
    }
    expect(await explain(`${event?.id}.2`)).toMatchObject({ number: '2', count: 2 });
    expect((await database.pool.query('SELECT * FROM rollgate.explain_denial(NULL)')).rows).toEqual([]);
  });

  test.each([
    ['1', 1],
    ['z', 35],
    ['10', 36],
    ['lfls', 1_000_000],
  ])('the decision number %s of an event is %d', async (text, number) => {
    await limiter.close();
    const { rows } = await database.pool.query('SELECT rollgate.decision_number($1)::int AS number', [`e.${text}`]);
    expect(rows[0].number).toBe(number);
  });
});

test('one event for each subject, window and minute shows what filled the window, even if several instances write at once', async () => {
  await ask(60);
  await limiter.close();
  const subject = `acme/publish-bot/bot=b-${bots}`;
  const batches = Array.from({ length: 6 }, (_, instance) =>
    Array.from({ length: 5 }, (_, i) =>
      eventToWrite({ id: `${instance}-${i}`, first_ms: clock.nowMs + i * 1000, subject }),
    ),
  );
  await Promise.all(batches.map((events) => writeEvents(database.pool, events)));
  const rows = await eventRows(database.pool);
  expect(rows).toHaveLength(30);
  expect(rows.filter(({ filled }) => filled !== null)).toHaveLength(1);
});

test('a reset after the denial does not remove what filled the window', async () => {
  await ask(61);
  await database.pool.query(`UPDATE rollgate.counter SET cleared = total`);
  await database.pool.query(`INSERT INTO rollgate.freed (subject, at) VALUES ($1, $2)`, [
    `acme/publish-bot/bot=b-${bots}`,
    new Date(clock.nowMs + 1),
  ]);
  await limiter.close();
  expect((await eventRows(database.pool))[0]?.filled).toEqual([[second(clock.nowMs), 60]]);
});
