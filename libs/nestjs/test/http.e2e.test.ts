import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DENIED_MESSAGE, rateLimitProblemSchema } from '@rollgate/contract';
import { RollgateTestingModule } from '../src/testing.js';
import { BotsController, catalogue, handled, RolesController, SkippedController } from './counted-routes.js';
import { ADAPTERS, type App, Clock, callTimes, startApp } from './http-app.js';
import { parseList } from './structured-fields.js';

describe.each(ADAPTERS)('on $platform', ({ adapter }) => {
  let app: App;
  let clock: Clock;
  const post = (path: string, account = 'acme') => app.call(path, { method: 'POST', account });

  beforeEach(async () => {
    clock = new Clock();
    handled.count = 0;
    app = await startApp({
      adapter: adapter(),
      imports: [
        RollgateTestingModule.forRoot({ clock: clock.read, catalogue, support: 'https://support.example/limits' }),
      ],
      controllers: [BotsController, RolesController, SkippedController],
    });
  });
  afterEach(() => app.app.close());

  it('exactly as many calls as the limit are allowed, and the handler never runs for a denied call', async () => {
    expect(await callTimes(10, () => post('/bots/b-1/publish'))).toEqual({ 201: 3, 429: 7 });
    expect(handled.count).toBe(3);
  });

  it('other bots, other accounts and other APIs are counted separately', async () => {
    await callTimes(4, () => post('/bots/b-1/publish'));
    expect((await post('/bots/b-2/publish')).status).toBe(201);
    expect((await post('/bots/b-1/publish', 'globex')).status).toBe(201);
    expect((await post('/bots/b-1/export')).status).toBe(201);
  });

  it('a denied call gets the problem body and nothing else', async () => {
    await callTimes(3, () => post('/bots/b-1/publish'));
    clock.wait({ seconds: 20 });
    const { status, headers, body } = await post('/bots/b-1/publish');
    expect(status).toBe(429);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
    expect(rateLimitProblemSchema.strict().parse(body)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: expect.any(String),
      status: 429,
      message: DENIED_MESSAGE,
      'violated-policies': ['minute'],
      api: 'publish',
      window: 'minute',
      limit: 3,
      retryAfterSeconds: 41,
      denialId: expect.stringMatching(/^\S+$/),
      support: 'https://support.example/limits',
    });
    expect(body.message).toBe('Rate limit for this API has been reached. Please try again after some time.');
  });

  it('allowed and denied calls both report the remaining units', async () => {
    const seen = [];
    for (let i = 0; i < 4; i++) {
      const { headers } = await post('/bots/b-1/publish');
      expect(headers.get('ratelimit-policy')).toBe('"minute";q=3;w=60, "hour";q=7;w=3600');
      seen.push({ limit: parseList(headers.get('ratelimit')), retryAfter: headers.get('retry-after') });
      clock.wait({ seconds: 1 });
    }
    const state = (minute: [number, number], hour: [number, number]) => [
      { name: 'minute', r: minute[0], t: minute[1] },
      { name: 'hour', r: hour[0], t: hour[1] },
    ];
    expect(seen).toEqual([
      { limit: state([2, 61], [6, 3601]), retryAfter: null },
      { limit: state([1, 60], [5, 3600]), retryAfter: null },
      { limit: state([0, 59], [4, 3599]), retryAfter: null },
      { limit: state([0, 58], [4, 3598]), retryAfter: '58' },
    ]);
  });

  it('no X-RateLimit field is sent by default', async () => {
    const { headers } = await post('/bots/b-1/publish');
    expect([...headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });

  it('the parameter t is left out if nothing is used', async () => {
    const { headers } = await post('/bots/b-1/blocked');
    expect(headers.get('ratelimit')).toBe('"minute";r=0, "hour";r=7');
  });

  it('a denied call is allowed after Retry-After, and not a second before', async () => {
    await callTimes(3, () => post('/bots/b-1/publish'));
    clock.wait({ seconds: 13, ms: 250 });
    const denied = await post('/bots/b-1/publish');
    const seconds = Number(denied.headers.get('retry-after'));
    expect(denied.body.retryAfterSeconds).toBe(seconds);
    clock.wait({ seconds: seconds - 1 });
    expect((await post('/bots/b-1/publish')).status).toBe(429);
    clock.wait({ seconds: 1 });
    expect((await post('/bots/b-1/publish')).status).toBe(201);
  });

  it('calls are denied by the hour window when it is full, and allowed after its Retry-After', async () => {
    await callTimes(3, () => post('/bots/b-1/publish'));
    clock.wait({ seconds: 61 });
    await callTimes(3, () => post('/bots/b-1/publish'));
    clock.wait({ seconds: 61 });
    expect(await callTimes(1, () => post('/bots/b-1/publish'))).toEqual({ 201: 1 });
    const first = await post('/bots/b-1/publish');
    expect(parseList(first.headers.get('ratelimit'))).toEqual([
      { name: 'minute', r: 2, t: 61 },
      { name: 'hour', r: 0, t: 3479 },
    ]);
    clock.wait({ seconds: 300 });
    const { status, headers, body } = await post('/bots/b-1/publish');
    expect(status).toBe(429);
    expect(body).toMatchObject({ window: 'hour', 'violated-policies': ['hour'], limit: 7 });
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBe(3601 - 61 - 61 - 300);
    clock.wait({ seconds: seconds - 1 });
    expect((await post('/bots/b-1/publish')).status).toBe(429);
    clock.wait({ seconds: 1 });
    expect(await callTimes(4, () => post('/bots/b-1/publish'))).toEqual({ 201: 3, 429: 1 });
  });

  it('a call costs what the route or its cost function sets, and is allowed as a whole or denied', async () => {
    expect((await post('/bots/b-1/two')).status).toBe(201);
    expect((await post('/bots/b-1/two')).status).toBe(429);
    expect((await post('/bots/b-1/rows?rows=1')).status).toBe(201);
    expect((await post('/bots/b-1/publish')).status).toBe(429);
  });

  it('a call whose cost exceeds the limit gets 422 without Retry-After', async () => {
    const { status, headers, body } = await post('/bots/b-1/rows?rows=4');
    expect(status).toBe(422);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(headers.get('retry-after')).toBeNull();
    expect(body).toMatchObject({ status: 422, api: 'publish', window: 'minute', limit: 3, cost: 4 });
    expect(body.message).toContain('can never succeed');
    expect(await callTimes(4, () => post('/bots/b-1/publish'))).toEqual({ 201: 3, 429: 1 });
  });

  it('a call of a blocked API gets 429 without Retry-After', async () => {
    const { status, headers, body } = await post('/bots/b-1/blocked');
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBeNull();
    expect(rateLimitProblemSchema.strict().parse(body)).toMatchObject({
      window: 'minute',
      limit: 0,
      retryAfterSeconds: null,
    });
  });

  it.each(['0', '-1', '1.5', 'x', '1e12'])('a cost of %s is rejected with 400', async (rows) => {
    const { status, headers, body } = await post(`/bots/b-1/rows?rows=${rows}`);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400, field: 'cost' });
  });

  it('a route is counted by its own dimensions if it sets them', async () => {
    await post('/bots/b-1/by-account');
    await post('/bots/b-2/by-account');
    expect(await callTimes(2, () => post('/bots/b-3/by-account'))).toEqual({ 201: 1, 429: 1 });
    expect((await post('/bots/b-4/by-account', 'globex')).status).toBe(201);
    expect(await callTimes(2, () => post('/bots/b-1/by-table/orders'))).toEqual({ 201: 2 });
    expect(await callTimes(2, () => post('/bots/b-2/by-table/orders'))).toEqual({ 201: 1, 429: 1 });
    expect(await callTimes(3, () => post('/bots/b-1/by-table/users'))).toEqual({ 201: 3 });
  });

  it('a denial contains the message of its API', async () => {
    await callTimes(3, () => post('/bots/b-1/export'));
    expect((await post('/bots/b-1/export')).body.message).toBe('No more exports for now.');
  });

  it('a decorator on a handler takes precedence over that on its class', async () => {
    expect(await callTimes(5, () => app.call('/class/inherits'))).toEqual({ 200: 3, 429: 2 });
    expect(await callTimes(5, () => app.call('/class/own?bot=b-1'))).toEqual({ 200: 3, 429: 2 });
    expect(await callTimes(5, () => app.call('/class/skipped'))).toEqual({ 200: 5 });
    expect(await callTimes(5, () => app.call('/skipped/class'))).toEqual({ 200: 5 });
    expect((await app.call('/skipped/limited')).status).toBe(429); // the class's three calls used the same API
  });

  it('a handler without a decorator is not limited', async () => {
    const { status, headers } = await app.call('/bots/b-1/free', { account: null });
    expect(status).toBe(200);
    expect([...headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
  });

  it('calls with a missing or blank bot count under one subject shared by the account', async () => {
    const missing = ['/class/own', '/class/own?bot=', '/class/own?bot=%20', '/class/own'];
    const statuses = [];
    for (const path of missing) statuses.push((await app.call(path)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await app.call('/class/own?bot=b-1')).status).toBe(200);
    expect((await app.call('/class/own', { account: 'globex' })).status).toBe(200);
  });

  it('a client cannot name the shared subject', async () => {
    await callTimes(3, () => app.call('/class/own'));
    expect((await app.call('/class/own')).status).toBe(429);
    expect(await callTimes(4, () => app.call('/class/own?bot=*'))).toEqual({ 200: 3, 429: 1 });
  });

  it.each([
    ['a list', 'bot=a&bot=b'],
    ['NUL', 'bot=a%00b'],
    ['too long', `bot=${'x'.repeat(257)}`],
    ['too long in bytes', `bot=${encodeURIComponent('ä'.repeat(129))}`],
  ])('a malformed dimension is rejected with 400: %s', async (_what, query) => {
    const { status, headers, body } = await app.call(`/class/own?${query}`);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 400, field: 'dimensions.bot' });
    expect(handled.count).toBe(0);
  });

  it('a call without an account is rejected, whatever account the client claims', async () => {
    const { status, headers, body } = await app.call('/bots/b-1/publish?account=acme', {
      method: 'POST',
      account: null,
      headers: { 'x-account': 'acme', account: 'acme' },
    });
    expect(status).toBe(401);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ title: 'Unauthorized', status: 401 });
    expect(handled.count).toBe(0);
  });

  it('concurrent calls get consistent header fields', async () => {
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await post('/bots/b-1/big')).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40);
  });
});
