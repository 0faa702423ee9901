import { describe, expect, test } from '@jest/globals';
import { Catalogue, type Decision, UnknownApiError } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { LimiterClosedError } from '../src/call/gate.js';
import { createLimiter } from '../src/create-limiter.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import { InvalidRequestError } from '../src/subject/subject-ref.js';
import { useLimiterFixture } from './limiter-fixture.js';

const fixture = useLimiterFixture();

describe('a decision', () => {
  test('a decision shows its result and the limits it used', async () => {
    expect(await fixture.limiter.acquire(fixture.request)).toEqual({
      id: expect.stringMatching(/^[\w-]{16}-[0-9a-z]+$/),
      allowed: true,
      account: 'acme',
      api: 'publish-bot',
      group: 'bot-definition',
      subject: `acme/publish-bot/bot=${fixture.request.dimensions.bot}`,
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
      decidedAtMs: fixture.clock.nowMs,
    });
  });

  test('concurrent calls each have their own number of used units from 1 to 60, and the rest are denied', async () => {
    const decisions = await fixture.spend(70);
    expect(decisions.slice(0, 60).map(({ windows }) => windows.minute.used)).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    expect(decisions.slice(60).every(({ allowed, deniedBy }) => !allowed && deniedBy === 'minute')).toBe(true);
    expect(fixture.batches).toBe(1);
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
    const small = fixture.open({ catalogue });
    await fixture.spend(2, small);
    fixture.clock.advance({ seconds: 61 });
    await fixture.spend(1, small);
    const [both, hourOnly] = [await small.acquire({ ...fixture.request, cost: 2 }), (await fixture.spend(1, small))[0]];
    expect(both).toMatchObject({ allowed: false, violated: ['minute', 'hour'], deniedBy: 'hour' });
    expect(hourOnly).toMatchObject({ allowed: false, violated: ['hour'], deniedBy: 'hour', retryAfterMs: 3_540_000 });
  });

  test('a denial of a cost above the limit says that retrying does not help', async () => {
    expect(await fixture.limiter.acquire({ ...fixture.request, cost: 61 })).toMatchObject({
      allowed: false,
      retryAfterMs: null,
      deniedBy: 'minute',
    });
  });
});

describe('refund', () => {
  test('a refund of a denied decision and a second refund return 0', async () => {
    const [first] = await fixture.spend(60);
    expect(await fixture.limiter.refund(await fixture.limiter.acquire(fixture.request))).toBe(0);
    expect(await fixture.limiter.refund(first as Decision)).toBe(1);
    expect(await fixture.limiter.refund(first as Decision)).toBe(0);
    expect((await fixture.limiter.peek(fixture.request)).windows.minute.used).toBe(59);
  });
});

describe('the second in which a refund finds its grant', () => {
  test('a refund finds a grant made after the clock went back', async () => {
    await fixture.spend(1);
    fixture.clock.advance({ seconds: -20 });
    const late = await fixture.limiter.acquire(fixture.request);
    expect(late.windows.minute.used).toBe(2);
    fixture.clock.advance({ seconds: 30 });
    await fixture.spend(1);
    expect(await fixture.limiter.refund(late)).toBe(1);
    expect((await fixture.limiter.peek(fixture.request)).windows.minute.used).toBe(2);
  });
});

describe('reading usage', () => {
  test('peek returns a release schedule by which a batch can be sent without a denial', async () => {
    await fixture.spend(3);
    fixture.clock.advance({ seconds: 33 });
    await fixture.spend(8);
    fixture.clock.advance({ seconds: 21 });
    const { windows, dimensions } = await fixture.limiter.peek(fixture.request);
    expect(dimensions).toEqual(fixture.request.dimensions);
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
    await fixture.spend(49);
    for (const { afterMs, units } of windows.minute.releases) {
      fixture.clock.advance({ ms: afterMs - (fixture.clock.nowMs - Date.UTC(2026, 0, 1) - 54_000) });
      expect((await fixture.spend(units)).every(({ allowed }) => allowed)).toBe(true);
      expect((await fixture.limiter.acquire(fixture.request)).allowed).toBe(false);
    }
  });

  test('usage lists every API and subject of the account with traffic, and none of other accounts', async () => {
    const account = 'usage-account';
    await fixture.limiter.acquire({ account, api: 'publish-bot', dimensions: { bot: 'x' } });
    await fixture.limiter.acquire({ account, api: 'insert-data', dimensions: { table: 'orders' } });
    await fixture.limiter.acquire({ account, api: 'get-bots' });
    await fixture.limiter.acquire({ account: `${account}-2`, api: 'get-bots' });
    const usage = await fixture.limiter.usage(account);
    expect(usage.items.map(({ api, dimensions }) => [api, dimensions])).toEqual([
      ['get-bots', { account }],
      ['insert-data', { account, table: 'orders' }],
      ['publish-bot', { bot: 'x' }],
    ]);
    expect(usage.next).toBeNull();
    const page = await fixture.limiter.usage(account, { limit: 2 });
    expect(page.items).toHaveLength(2);
    const last = await fixture.limiter.usage(account, { after: page.next as string, limit: 2 });
    expect(last.items.map(({ api }) => api)).toEqual(['publish-bot']);
    expect(last.next).toBeNull();
    expect(await fixture.limiter.usage('nobody')).toEqual({ items: [], next: null });
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
    const neighbour = fixture.limiter.acquire(fixture.request);
    await expect(fixture.limiter.acquire({ ...fixture.request, ...broken })).rejects.toThrow(error);
    expect((await neighbour).allowed).toBe(true);
    expect(fixture.batches).toBe(1);
  });

  test('the error for an unknown API includes the nearest names', async () => {
    await expect(fixture.limiter.acquire({ ...fixture.request, api: 'publish-bto' })).rejects.toThrow(
      'did you mean "publish-bot"',
    );
  });
});

test('a call with an unresolved dimension counts in the account’s shared subject', async () => {
  const decisions = await Promise.all([
    fixture.limiter.acquire({ account: 'shared', api: 'publish-bot' }),
    fixture.limiter.acquire({ account: 'shared', api: 'publish-bot', dimensions: { bot: undefined } }),
  ]);
  expect(decisions.map(({ subject, windows }) => [subject, windows.minute.used])).toEqual([
    ['shared/publish-bot/bot=*', 1],
    ['shared/publish-bot/bot=*', 2],
  ]);
});

test('close lets calls in flight finish and rejects later calls', async () => {
  const store = new PostgresStore({ pool: fixture.pool });
  let closed = false;
  store.close = async () => {
    closed = true;
  };
  const closing = createLimiter({ store, catalogue: sampleCatalogue });
  const inFlight = closing.acquire(fixture.request);
  const done = closing.close();
  await expect(closing.acquire(fixture.request)).rejects.toThrow(LimiterClosedError);
  expect((await inFlight).allowed).toBe(true);
  await done;
  expect(closed).toBe(true);
});
