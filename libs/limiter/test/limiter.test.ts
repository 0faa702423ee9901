import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { builtInCatalogue, Catalogue, type Decision, UnknownApiError } from '@rollgate/contract';
import { createTestDatabase, TestClock, type TestDatabase } from '@rollgate/testing';
import { DenialMemory } from '../src/call/denial-memory.js';
import { LimiterClosedError } from '../src/call/gate.js';
import { createLimiter } from '../src/create-limiter.js';
import type { Limiter } from '../src/limiter.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import type { Store } from '../src/store/store.js';
import { InvalidRequestError } from '../src/subject/subject-ref.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let clock: TestClock;
let limiter: Limiter;
let batches: number;
let bots = 0;
let request: { account: string; api: string; dimensions: { bot: string } };

beforeEach(() => {
  clock = new TestClock();
  limiter = open();
  batches = 0;
  request = { account: 'acme', api: 'publish-bot', dimensions: { bot: `b-${++bots}` } };
});

interface TestOptions {
  readonly catalogue?: Catalogue;
  readonly maxDeniedSubjects?: number;
}

/** A limiter on the real store that counts the items sent to it. */
function open({ catalogue = builtInCatalogue, maxDeniedSubjects }: TestOptions = {}): Limiter {
  const now = () => clock.nowMs;
  const store: Store = new PostgresStore({ pool: database.pool, clock: now });
  const acquire = store.acquire.bind(store);
  store.acquire = (items) => {
    batches++;
    return acquire(items);
  };
  return createLimiter({ store, catalogue, denials: new DenialMemory({ maxSubjects: maxDeniedSubjects, now }) });
}

const spend = (calls: number, from = limiter): Promise<Decision[]> =>
  Promise.all(Array.from({ length: calls }, () => from.acquire(request)));

describe('a decision', () => {
  test('a decision shows its result and the limits it used', async () => {
    expect(await limiter.acquire(request)).toEqual({
      id: expect.stringMatching(/^[\w-]{16}-[0-9a-z]+$/),
      allowed: true,
      account: 'acme',
      api: 'publish-bot',
      group: 'bot-definition',
      subject: `acme/publish-bot/bot=b-${bots}`,
      cost: 1,
      windows: {
        minute: { limit: 60, used: 1, remaining: 59, resetAfterMs: 61_000 },
        hour: { limit: 1800, used: 1, remaining: 1799, resetAfterMs: 3_601_000 },
      },
      violated: [],
      deniedBy: null,
      retryAfterMs: 0,
      source: 'default',
      mode: 'enforced',
      decidedAtMs: clock.nowMs,
    });
  });

  test('concurrent calls each have their own number of used units from 1 to 60, and the rest are denied', async () => {
    const decisions = await spend(70);
    expect(decisions.slice(0, 60).map(({ windows }) => windows.minute.used)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    expect(decisions.slice(60).every(({ allowed, deniedBy }) => !allowed && deniedBy === 'minute')).toBe(true);
    expect(batches).toBe(1);
  });

  test('a denial with a spent hour names the hour, even if the minute is also full', async () => {
    const catalogue = new Catalogue([
      {
        id: 'g',
        title: 'G',
        level: ['bot'],
        limits: { perMinute: 2, perHour: 3 },
        apis: [{ id: 'publish-bot', title: 'P' }],
      },
    ]);
    const small = open({ catalogue });
    await spend(2, small);
    clock.advance({ seconds: 61 });
    await spend(1, small);
    const [both, hourOnly] = [await small.acquire({ ...request, cost: 2 }), (await spend(1, small))[0]];
    expect(both).toMatchObject({ allowed: false, violated: ['minute', 'hour'], deniedBy: 'hour' });
    expect(hourOnly).toMatchObject({ allowed: false, violated: ['hour'], deniedBy: 'hour', retryAfterMs: 3_540_000 });
  });

  test('a denial of a cost above the limit says that retrying does not help', async () => {
    expect(await limiter.acquire({ ...request, cost: 61 })).toMatchObject({
      allowed: false,
      retryAfterMs: null,
      deniedBy: 'minute',
    });
  });
});

describe('denial memory', () => {
  test('a denied subject costs no statements until its retry time, and then goes to the database again', async () => {
    await spend(61);
    const denied = await limiter.acquire(request);
    const asked = batches;
    for (let i = 0; i < 100; i++) expect((await limiter.acquire(request)).allowed).toBe(false);
    clock.advance({ ms: (denied.retryAfterMs as number) - 1 });
    expect(await limiter.acquire(request)).toMatchObject({ allowed: false, retryAfterMs: 1 });
    expect(batches).toBe(asked);
    clock.advance({ ms: 1 });
    expect((await limiter.acquire(request)).allowed).toBe(true);
    expect(batches).toBe(asked + 1);
  });

  test('a remembered denial by the hour does not name a minute that is over', async () => {
    const catalogue = new Catalogue([
      {
        id: 'g',
        title: 'G',
        level: ['bot'],
        limits: { perMinute: 3, perHour: 3 },
        apis: [{ id: 'publish-bot', title: 'P' }],
      },
    ]);
    const small = open({ catalogue });
    await spend(4, small);
    expect(await small.acquire(request)).toMatchObject({
      violated: ['minute', 'hour'],
      windows: { minute: { used: 3 } },
    });
    clock.advance({ seconds: 61 });
    expect(await small.acquire(request)).toMatchObject({
      violated: ['hour'],
      windows: { minute: { used: 0, remaining: 3, resetAfterMs: null }, hour: { used: 3 } },
      retryAfterMs: 3_540_000,
    });
    expect(batches).toBe(1);
  });

  test('a remembered denial by the minute names it for as long as a clock that stepped back prolongs it', async () => {
    await spend(60);
    clock.advance({ seconds: -90 });
    const denied = await limiter.acquire(request);
    expect(denied).toMatchObject({ deniedBy: 'minute', retryAfterMs: 151_000 });
    clock.advance({ seconds: 62 });
    expect(await limiter.acquire(request)).toMatchObject({
      allowed: false,
      deniedBy: 'minute',
      violated: ['minute'],
      windows: { minute: { used: 60, remaining: 0 } },
      retryAfterMs: 89_000,
    });
  });

  test('a smaller cost than the denied one goes to the database, and a larger one is answered from memory', async () => {
    await spend(58);
    expect((await limiter.acquire({ ...request, cost: 3 })).allowed).toBe(false);
    const asked = batches;
    expect((await limiter.acquire({ ...request, cost: 4 })).allowed).toBe(false);
    expect(batches).toBe(asked);
    expect((await limiter.acquire({ ...request, cost: 2 })).allowed).toBe(true);
    expect(batches).toBe(asked + 1);
  });

  test('a refund and a reset end a remembered denial', async () => {
    const [first] = await spend(60);
    expect((await limiter.acquire(request)).allowed).toBe(false);
    expect(await limiter.refund(first as Decision)).toBe(1);
    expect((await limiter.acquire(request)).allowed).toBe(true);
    expect((await limiter.acquire(request)).allowed).toBe(false);
    await limiter.reset(request);
    expect((await limiter.acquire(request)).allowed).toBe(true);
  });

  test('a denial in flight while the subject is freed is not remembered', async () => {
    await spend(60);
    const late = limiter.acquire(request);
    await limiter.reset(request); // the denial was requested before the reset is answered
    await late;
    expect((await limiter.acquire(request)).allowed).toBe(true);
  });

  test('the denial memory is bounded, and a forgotten subject goes to the database again', async () => {
    const forgetful = open({ maxDeniedSubjects: 1 });
    const first = { ...request };
    await spend(61, forgetful);
    request = { ...request, dimensions: { bot: `b-${++bots}` } };
    await spend(61, forgetful);
    const asked = batches;
    expect((await forgetful.acquire(request)).allowed).toBe(false);
    expect(batches).toBe(asked);
    expect((await forgetful.acquire(first)).allowed).toBe(false);
    expect(batches).toBe(asked + 1);
  });
});

describe('refund', () => {
  test('a refund of a denied decision and a second refund return 0', async () => {
    const [first] = await spend(60);
    expect(await limiter.refund(await limiter.acquire(request))).toBe(0);
    expect(await limiter.refund(first as Decision)).toBe(1);
    expect(await limiter.refund(first as Decision)).toBe(0);
    expect((await limiter.peek(request)).windows.minute.used).toBe(59);
  });
});

describe('the second in which a refund finds its grant', () => {
  test('a refund finds a grant made after the clock went back', async () => {
    await spend(1);
    clock.advance({ seconds: -20 });
    const late = await limiter.acquire(request);
    expect(late.windows.minute.used).toBe(2);
    clock.advance({ seconds: 30 });
    await spend(1);
    expect(await limiter.refund(late)).toBe(1);
    expect((await limiter.peek(request)).windows.minute.used).toBe(2);
  });
});

describe('reading usage', () => {
  test('peek returns a release schedule by which a batch can be sent without a denial', async () => {
    await spend(3);
    clock.advance({ seconds: 33 });
    await spend(8);
    clock.advance({ seconds: 21 });
    const { windows, dimensions } = await limiter.peek(request);
    expect(dimensions).toEqual(request.dimensions);
    expect(windows.minute).toEqual({
      limit: 60,
      used: 11,
      remaining: 49,
      resetAfterMs: 7000,
      releases: [
        { afterMs: 7000, units: 3 },
        { afterMs: 40_000, units: 8 },
      ],
    });
    expect(windows.hour.releases.map(({ afterMs }) => afterMs)).toEqual([3_547_000, 3_580_000]);
    await spend(49);
    for (const { afterMs, units } of windows.minute.releases) {
      clock.advance({ ms: afterMs - (clock.nowMs - Date.UTC(2026, 0, 1) - 54_000) });
      expect((await spend(units)).every(({ allowed }) => allowed)).toBe(true);
      expect((await limiter.acquire(request)).allowed).toBe(false);
    }
  });

  test('usage lists every API and subject of the account with traffic, and none of other accounts', async () => {
    const account = 'usage-account';
    await limiter.acquire({ account, api: 'publish-bot', dimensions: { bot: 'x' } });
    await limiter.acquire({ account, api: 'insert-data', dimensions: { table: 'orders' } });
    await limiter.acquire({ account, api: 'get-bots' });
    await limiter.acquire({ account: `${account}-2`, api: 'get-bots' });
    const usage = await limiter.usage(account);
    expect(usage.items.map(({ api, dimensions }) => [api, dimensions])).toEqual([
      ['get-bots', { account }],
      ['insert-data', { account, table: 'orders' }],
      ['publish-bot', { bot: 'x' }],
    ]);
    expect(usage.next).toBeNull();
    const page = await limiter.usage(account, { limit: 2 });
    expect(page.items).toHaveLength(2);
    const last = await limiter.usage(account, { after: page.next as string, limit: 2 });
    expect(last.items.map(({ api }) => api)).toEqual(['publish-bot']);
    expect(last.next).toBeNull();
    expect(await limiter.usage('nobody')).toEqual({ items: [], next: null });
  });
});

describe('a malformed call is rejected and enters no batch', () => {
  test.each([
    ['cost 0', { cost: 0 }, InvalidRequestError],
    ['cost -1', { cost: -1 }, InvalidRequestError],
    ['cost 1.5', { cost: 1.5 }, InvalidRequestError],
    ['cost NaN', { cost: Number.NaN }, InvalidRequestError],
    ['cost 2^31', { cost: 2 ** 31 }, InvalidRequestError],
    ['cost as text', { cost: '1' as unknown as number }, InvalidRequestError],
    ['no account', { account: undefined as unknown as string }, InvalidRequestError],
    ['a blank account', { account: ' ' }, InvalidRequestError],
    ['NUL in a value', { dimensions: { bot: 'a\0' } }, InvalidRequestError],
    ['an unknown API', { api: 'publish-bto' }, UnknownApiError],
    ['no API', { api: undefined as unknown as string }, UnknownApiError],
    ['a property of Object.prototype as the API', { api: '__proto__' }, UnknownApiError],
  ])('%s', async (_name, broken, error) => {
    const neighbour = limiter.acquire(request);
    await expect(limiter.acquire({ ...request, ...broken })).rejects.toThrow(error);
    expect((await neighbour).allowed).toBe(true);
    expect(batches).toBe(1);
  });

  test('the error for an unknown API includes the nearest names', async () => {
    await expect(limiter.acquire({ ...request, api: 'publish-bto' })).rejects.toThrow('did you mean "publish-bot"');
  });
});

test('a call with an unresolved dimension counts in the account’s shared subject', async () => {
  const decisions = await Promise.all([
    limiter.acquire({ account: 'shared', api: 'publish-bot' }),
    limiter.acquire({ account: 'shared', api: 'publish-bot', dimensions: { bot: undefined } }),
  ]);
  expect(decisions.map(({ subject, windows }) => [subject, windows.minute.used])).toEqual([
    ['shared/publish-bot/bot=*', 1],
    ['shared/publish-bot/bot=*', 2],
  ]);
});

test('close lets calls in flight finish and rejects later calls', async () => {
  const store = new PostgresStore({ pool: database.pool });
  let closed = false;
  store.close = async () => {
    closed = true;
  };
  const closing = createLimiter({ store, catalogue: builtInCatalogue });
  const inFlight = closing.acquire(request);
  const done = closing.close();
  await expect(closing.acquire(request)).rejects.toThrow(LimiterClosedError);
  expect((await inFlight).allowed).toBe(true);
  await done;
  expect(closed).toBe(true);
});
