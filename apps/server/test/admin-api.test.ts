/** The admin API over HTTP, with real traffic. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calls, type Desk, inHours, openDesk, until } from './admin-traffic.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const path = (rest: string) => `/admin/api/${rest}`;
const api = 'publish-bot';

async function makeOverride(spec: Json = {}, by = desk.support): Promise<Json> {
  const answer = await by.post(path('overrides'), {
    account: 'acme',
    api,
    perMinute: 100,
    expiresAt: inHours(1),
    allowLowering: true,
    reason: 'test',
    ...spec,
  });
  expect(answer.status).toBe(201);
  return (answer.body as Json)['override'];
}

describe('from a denial to a custom limit', () => {
  test('a denied customer requests more, support approves, the same call is allowed within 2 s, and the history explains it in SQL', async () => {
    const account = 'path-co';
    expect(await calls(desk.limiter, 62, { account })).toBe(60);
    const wish = {
      account,
      api,
      dimensions: { bot: 'b-1' },
      perMinute: 120,
      until: inHours(24),
      reason: 'We launch on Monday.',
    };
    const asked = await desk.other.post(path('requests'), wish);
    expect(asked.status).toBe(201);
    const id = (asked.body as Json)['request'].id as string;

    // The limit events of the last second are written within the next second.
    const seen = await until(
      async () => ((await desk.support.get(path('requests?account=path-co'))).body as Json)['items'][0],
      (item) => item?.proof.denialsLast7Days === 2,
    );
    expect(seen).toMatchObject({
      request: { id, state: 'open', dimensions: { bot: 'b-1' }, default: { perMinute: 60 } },
      proof: {
        peak: { perMinute: 60, perHour: 60, subject: 'path-co/publish-bot/bot=b-1' },
        inForce: { perMinute: 60, source: 'default' },
      },
    });

    const approved = await desk.support.post(
      path(`requests/${id}/approve`),
      { answer: 'Good luck!' },
      { 'if-match': '"1"' },
    );
    expect(approved.status).toBe(200);
    const approvedAt = Date.now();
    const { overrideId } = (approved.body as Json)['request'];
    const allowed = await until(
      () => desk.limiter.acquire({ account, api, dimensions: { bot: 'b-1' } }),
      (decision) => decision.allowed,
    );
    expect(Date.now() - approvedAt).toBeLessThan(2_000);
    expect(allowed).toMatchObject({ source: overrideId, windows: { minute: { limit: 120 } } });

    const { rows } = await desk.database.pool.query(
      `SELECT kind, action, actor, reason FROM rollgate.history WHERE account = $1 ORDER BY id`,
      [account],
    );
    expect(rows).toEqual([
      { kind: 'request', action: 'ask', actor: `staff:${desk.other.login}`, reason: 'We launch on Monday.' },
      { kind: 'override', action: 'create', actor: `staff:${desk.support.login}`, reason: 'We launch on Monday.' },
      { kind: 'request', action: 'approve', actor: `staff:${desk.support.login}`, reason: 'Good luck!' },
    ]);
  });
});

describe('accounts', () => {
  test('accounts are found by the start of their name, the exact match first, page by page', async () => {
    for (const account of ['find-me', 'find-me-2', 'find-me-3', 'find/odd,name%'])
      await calls(desk.limiter, 1, { account });
    const first = (await desk.viewer.get(path('accounts?q=find-me&limit=2'))).body as Json;
    expect(first['items'][0].account).toBe('find-me');
    expect(first['items']).toHaveLength(2);
    const second = (await desk.viewer.get(path(`accounts?q=find-me&limit=2&after=${first['next']}`))).body as Json;
    const all = [...first['items'], ...second['items']].map(({ account }: Json) => account).sort();
    expect(all).toEqual(['find-me', 'find-me-2', 'find-me-3']);
    expect(second['next']).toBeNull();
    const odd = (await desk.viewer.get(path(`accounts?q=${encodeURIComponent('find/odd,')}`))).body as Json;
    expect(odd['items']).toMatchObject([{ account: 'find/odd,name%' }]);
  });

  test('live usage shows used, limit, source, next allowed call and last denial, and reading it spends nothing', async () => {
    const account = 'live-co';
    await calls(desk.limiter, 61, { account });
    await calls(desk.limiter, 3, { account, bot: 'b-2' });
    const look = async () => (await desk.viewer.get(path(`accounts/${account}/usage`))).body as Json;
    const usage = await until(look, ({ items }) => items[0]?.lastDenial !== null);
    expect(usage['items']).toMatchObject([
      {
        api,
        subject: 'live-co/publish-bot/bot=b-1',
        dimensions: { bot: 'b-1' },
        windows: { minute: { limit: 60, used: 60, remaining: 0, percent: 100 }, hour: { used: 60 } },
        source: 'default',
        override: null,
        mode: 'enforced',
        lastDenial: { window: 'minute' },
      },
      { dimensions: { bot: 'b-2' }, windows: { minute: { used: 3 } }, lastDenial: null },
    ]);
    const wait = Date.parse(usage['items'][0].nextAllowedAt) - Date.parse(usage['asOf']);
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(61_000);
    expect(Date.parse(usage['items'][1].nextAllowedAt)).toBe(Date.parse(usage['asOf']));
    expect((await look())['items'][0].windows.minute.used).toBe(60);
    const page = (await desk.viewer.get(path(`accounts/${account}/usage?limit=1`))).body as Json;
    const rest = (await desk.viewer.get(path(`accounts/${account}/usage?limit=1&after=${page['next']}`))).body as Json;
    expect([page['items'].length, rest['items'][0].dimensions.bot, rest['next']]).toEqual([1, 'b-2', null]);
  });

  test('the usage of the last hour by minute adds up to what was used, and shows what was denied', async () => {
    const account = 'strip-co';
    await calls(desk.limiter, 65, { account });
    await calls(desk.limiter, 5, { account, bot: 'b-2' });
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    const strip = await until(
      async () => (await desk.viewer.get(path(`accounts/${account}/strip`))).body as Json,
      ({ denials }) => sum(denials) > 0,
    );
    expect(strip['minutes']).toHaveLength(60);
    expect(strip['series']).toMatchObject([{ api, title: expect.any(String) }]);
    expect(sum(strip['series'][0].units)).toBe(65);
    expect(sum(strip['denials'])).toBe(5);
  });

  test('subjects near their limit are listed by band, the fullest first, with overrides taken into account', async () => {
    await calls(desk.limiter, 50, { account: 'near-co' });
    await calls(desk.limiter, 55, { account: 'near-co', bot: 'b-2' });
    await calls(desk.limiter, 10, { account: 'near-co', bot: 'b-3' });
    await makeOverride({ account: 'near-co', dimensions: { bot: 'b-3' }, perMinute: 10 });
    await calls(desk.limiter, 60, { account: 'raised-co' });
    await makeOverride({ account: 'raised-co', perMinute: 600 });
    const near = (await desk.viewer.get(path('near-limit'))).body as Json;
    const own = near['items'].filter(({ account }: Json) => account === 'near-co');
    expect(own.map(({ dimensions, band }: Json) => [dimensions.bot, band])).toEqual([
      ['b-3', '100'],
      ['b-2', '90-99'],
      ['b-1', '80-89'],
    ]);
    expect(near['items'].filter(({ account }: Json) => account === 'raised-co')).toEqual([]);
  });

  test('the search box finds an account, an override, a limit request, a ticket, a bot and a denial', async () => {
    const made = await makeOverride({ account: 'box-co', ticket: 'SUP-77' });
    await calls(desk.limiter, 61, { account: 'box-co', bot: 'the-bot' });
    const find = async (q: string) =>
      ((await desk.viewer.get(path(`find?q=${encodeURIComponent(q)}`))).body as Json)['items'].map(
        ({ kind, account }: Json) => [kind, account],
      );
    expect(await find('box-co')).toContainEqual(['account', 'box-co']);
    expect(await find(made['id'])).toContainEqual(['override', 'box-co']);
    expect(await find('SUP-77')).toContainEqual(['ticket', 'box-co']);
    expect(await find('the-bot')).toContainEqual(['subject', 'box-co']);
    expect(await find('nothing-of-the-kind')).toEqual([]);
  });
});

describe('overrides', () => {
  test('a change with an outdated If-Match is refused, so it overwrites no change its author has not seen', async () => {
    const { id } = await makeOverride({ account: 'etag-co' });
    const got = await desk.viewer.get(path(`overrides/${id}`));
    expect(got.headers.get('etag')).toBe('"1"');
    const change = (headers: Record<string, string>) =>
      desk.support.patch(path(`overrides/${id}`), { perMinute: 120, reason: 'more' }, headers);
    expect((await change({})).status).toBe(428);
    expect((await change({ 'if-match': 'one' })).status).toBe(400);
    expect((await change({ 'if-match': '"7"' })).status).toBe(412);
    expect((await change({ 'if-match': '"1"' })).body).toMatchObject({
      override: { perMinute: 120, perHour: null, version: 2 },
    });
    expect((await change({ 'if-match': '"1"' })).status).toBe(412);
  });

  test('overrides are filtered by state, account, usage, permanence and multiple of the default', async () => {
    const account = 'list-co';
    const small = await makeOverride({ account });
    const big = await makeOverride({ account, perMinute: 6_000, expiresAt: null }, desk.admin);
    const later = await makeOverride({ account, startsAt: inHours(1), expiresAt: inHours(2) });
    const ids = async (query: string) =>
      ((await desk.viewer.get(path(`overrides?account=${account}&${query}`))).body as Json)['items'].map(
        ({ id }: Json) => id,
      );
    expect(await ids('')).toEqual([big['id'], small['id']]);
    expect(await ids('state=upcoming')).toEqual([later['id']]);
    expect(await ids('permanent=true')).toEqual([big['id']]);
    expect(await ids('aboveTimes=10')).toEqual([big['id']]);
    expect(await ids('expiringWithinHours=24')).toEqual([small['id']]);
    expect(await ids('neverUsed=true')).toEqual([big['id'], small['id']]);
    expect(await ids('state=all&limit=2')).toEqual([later['id'], big['id']]);
    expect(await ids(`createdBy=staff:${desk.admin.login}`)).toEqual([big['id']]);
  });

  test('a change above the approval limit becomes a limit request for an admin', async () => {
    const answer = await desk.support.post(path('overrides'), {
      account: 'high-co',
      api,
      perMinute: 601,
      expiresAt: inHours(1),
      reason: 'big launch',
    });
    expect(answer.status).toBe(202);
    const { request, message } = answer.body as Json;
    expect(message).toMatch(/up to 600 a minute/);
    expect(request).toMatchObject({ needsAdmin: true, perMinute: 601, askedBy: `staff:${desk.support.login}` });
    expect((await desk.support.post(path(`requests/${request.id}/approve`), {}, { 'if-match': '"1"' })).status).toBe(
      403,
    );
    expect(
      (await desk.other.post(path(`requests/${request.id}/approve`), {}, { 'if-match': '"1"' })).body,
    ).toMatchObject({ status: 403, ceiling: true });
    expect((await desk.admin.post(path(`requests/${request.id}/approve`), {}, { 'if-match': '"1"' })).status).toBe(200);
    expect(
      (
        await desk.support.post(path('overrides'), {
          account: 'high-co',
          mode: 'shadow',
          expiresAt: inHours(1),
          reason: 'x',
        })
      ).status,
    ).toBe(403);
  });

  test('expire, restore and undo each write history, and the instance that made the change applies it at once', async () => {
    const { id } = await makeOverride({ account: 'turn-co', perMinute: 1 });
    const expired = await desk.support.post(path(`overrides/${id}/expire`), { reason: 'done' }, { 'if-match': '"1"' });
    expect(expired.body).toMatchObject({ override: { state: 'expired', version: 2 } });
    const restored = await desk.support.post(
      path(`overrides/${id}/restore`),
      { reason: 'again', expiresAt: inHours(1), allowLowering: true },
      { 'if-match': '"2"' },
    );
    expect(restored.body).toMatchObject({ override: { state: 'inForce', version: 3 } });
    const { historyId } = restored.body as Json;
    expect((await desk.support.post(path(`history/${historyId}/undo`), { reason: 'oops' })).status).toBe(200);
    expect((await desk.viewer.get(path(`overrides/${id}`))).body).toMatchObject({ state: 'expired' });
    const history = (await desk.auditor.get(path(`history?target=${id}`))).body as Json;
    expect(history['items'].map(({ action }: Json) => action)).toEqual(['undo', 'restore', 'expire', 'create']);
    expect(history['items'][0]).toMatchObject({
      undoes: historyId,
      actor: `staff:${desk.support.login}`,
      address: expect.stringContaining('127.0.0.1'),
    });
  });

  test('many overrides expire at once, and each one that cannot expire is reported', async () => {
    const made = [await makeOverride({ account: 'bulk-co' }), await makeOverride({ account: 'bulk-co' })];
    const answer = await desk.support.post(path('overrides/expire'), {
      ids: [...made.map(({ id }) => id), 'ovr_0'],
      reason: 'clean-up',
    });
    expect(answer.body).toEqual({
      expired: made.map(({ id }) => id),
      failed: [{ id: 'ovr_0', message: 'There is no override "ovr_0".' }],
    });
  });

  test('a preview shows the approval limit and the denials of the last hour that would have been avoided', async () => {
    const account = 'preview-co';
    await calls(desk.limiter, 90, { account });
    const ask = (perMinute: number) => desk.support.post(path('overrides/preview'), { account, api, perMinute });
    const full = await until(
      () => ask(90),
      ({ body }) => (body as Json)['lastHour'].denied === 30,
    );
    expect(full.body).toMatchObject({
      default: { perMinute: 60, perHour: expect.any(Number) },
      inForce: { perMinute: 60, perHour: expect.any(Number), source: 'default', mode: 'enforced' },
      sets: { perMinute: 90, perHour: null, factor: null },
      effects: [
        {
          api,
          before: { perMinute: 60, source: 'default' },
          after: { perMinute: 90, perHour: expect.any(Number) },
          governs: true,
        },
      ],
      lowered: [],
      warnings: [],
      ceiling: { mayWrite: true, perMinute: 600, perHour: expect.any(Number), times: 10, days: 30, above: ['admin'] },
      lastHour: { denied: 30, avoided: 30, complete: true },
    });
    expect(((await ask(70)).body as Json)['lastHour'].avoided).toBe(10);
    const viewer = await desk.viewer.post(path('overrides/preview'), { account, api, perMinute: 90 });
    expect(viewer.body).toMatchObject({ ceiling: { mayWrite: false } });
  });
});

describe('requests', () => {
  test('when two people decide a request at once, one wins and the other gets a 409 that names the first', async () => {
    const asked = await desk.admin.post(path('requests'), {
      account: 'race-co',
      api,
      perMinute: 90,
      until: inHours(1),
      reason: 'x',
    });
    const { id } = (asked.body as Json)['request'];
    const answers = await Promise.all([
      desk.support.post(path(`requests/${id}/approve`), {}, { 'if-match': '"1"' }),
      desk.other.post(path(`requests/${id}/decline`), { answer: 'no' }, { 'if-match': '"1"' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body['message']).toMatch(/by staff:/);
  });

  test('staff cannot approve their own limit requests', async () => {
    const asked = await desk.support.post(path('requests'), {
      account: 'own-co',
      api,
      perMinute: 90,
      until: inHours(1),
      reason: 'x',
    });
    const { id } = (asked.body as Json)['request'];
    expect((await desk.support.post(path(`requests/${id}/approve`), {}, { 'if-match': '"1"' })).status).toBe(403);
    expect(
      (
        await desk.other.post(
          path(`requests/${id}/decline`),
          { answer: 'Please spread the calls.' },
          { 'if-match': '"1"' },
        )
      ).body,
    ).toMatchObject({
      request: { state: 'declined', answer: 'Please spread the calls.' },
    });
  });
});

describe('catalogue', () => {
  test('the catalogue has 78 APIs in 8 groups, and an admin can edit a default but support cannot', async () => {
    const { groups } = (await desk.viewer.get(path('catalogue'))).body as Json;
    expect(groups).toHaveLength(8);
    const all = groups.flatMap(({ apis }: Json) => apis);
    expect(all).toHaveLength(78);
    const { version, limits } = all.find((one: Json) => one.api === 'bot-export') ?? all[5];
    const name = all.find((one: Json) => one.api === 'bot-export')?.api ?? all[5].api;
    const edit = (by: typeof desk.admin, body: Json) =>
      by.patch(path(`catalogue/${name}`), { reason: 'test', ...body }, { 'if-match': `"${version}"` });
    expect((await edit(desk.support, { perMinute: 7 })).status).toBe(403);
    const changed = await edit(desk.admin, { perMinute: limits.perMinute + 1 });
    expect(changed.body).toMatchObject({
      api: { edited: true, limits: { perMinute: limits.perMinute + 1 }, shipped: limits, version: version + 1 },
    });
    expect((await edit(desk.admin, { perMinute: 9 })).status).toBe(412);
    expect(
      (
        await desk.admin.post(path(`history/${(changed.body as Json)['historyId']}/undo`), {
          reason: 'test over',
          allowLowering: true,
        })
      ).status,
    ).toBe(200);
  });
});

describe('events', () => {
  test('limit events are listed, counted over time, explained and exported', async () => {
    const account = 'event-co';
    await calls(desk.limiter, 63, { account });
    const look = async () => (await desk.auditor.get(path(`limit-events?account=${account}`))).body as Json;
    const { items } = await until(
      look,
      (found) => found['items'].reduce((sum: number, { count }: Json) => sum + count, 0) === 3,
    );
    expect(items[0]).toMatchObject({
      api,
      window: 'minute',
      perMinute: 60,
      used: 60,
      source: 'default',
      mode: 'enforced',
      route: 'POST /publish',
      requestId: 'r-1',
    });
    const counted = (await desk.auditor.get(path(`limit-events/histogram?account=${account}&buckets=24`))).body as Json;
    expect(counted).toMatchObject({ total: 3, bucketSeconds: 3600 });
    const explained = (await desk.support.get(path(`denials/${items[0].id}.1`))).body as Json;
    expect(explained).toMatchObject({ limit: 60, origin: { override: null }, event: { account } });
    expect(explained['sentence']).toMatch(/60/);
    expect(explained['filled'].reduce((sum: number, { units }: Json) => sum + units, 0)).toBe(60);
    const csv = await desk.auditor.get(path(`limit-events?account=${account}&format=csv`));
    expect(csv.headers.get('content-type')).toMatch(/text\/csv/);
    expect(csv.text.split('\n')[0]).toMatch(/^id,kind,account/);
    const lines = (await desk.auditor.get(path(`limit-events?account=${account}&format=ndjson`))).text
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).account)).toEqual(items.map(() => account));
    expect((await desk.support.get(path('denials/nothing'))).status).toBe(404);
  });
});

describe('CSV', () => {
  test('accounts and subjects near their limit can be downloaded as CSV', async () => {
    await calls(desk.limiter, 60, { account: 'csv-co' });
    expect((await desk.auditor.get(path('accounts?q=csv-co&format=csv'))).text).toBe('account\ncsv-co\n');
    const near = (await desk.auditor.get(path('near-limit?format=csv'))).text.split('\n');
    expect(near[0]).toBe(
      'account,api,apiTitle,subject,percent,band,source,mode,minuteUsed,minuteLimit,hourUsed,hourLimit',
    );
    expect(near.find((line) => line.startsWith('csv-co,'))).toMatch(/,100,100,default,enforced,60,60,60,1800$/);
  });

  test('a CSV file contains no formulas and quotes cells that need it', async () => {
    await makeOverride({ account: '=cmd()', reason: '+1 said "yes",\nreally' });
    const { text } = await desk.auditor.get(path(`overrides?account=${encodeURIComponent('=cmd()')}&format=csv`));
    expect(text).toContain(`'=cmd()`);
    expect(text).toContain(`"'+1 said ""yes"",\nreally"`);
  });
});

describe('refusals', () => {
  test.each<[string, string, Json | undefined, number]>([
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, reason: 'x', colour: 'red' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: -1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1e12, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1.5, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1 }, 400],
    ['POST', 'overrides', { account: ' ', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a\u0000', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: '\ud800', api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a'.repeat(300), api, perMinute: 1, reason: 'x' }, 400],
    ['POST', 'overrides', { account: 'a', api, group: 'g', perMinute: 1, reason: 'x' }, 422],
    [
      'POST',
      'overrides',
      { account: 'a', api: 'no-such', perMinute: 1, reason: 'x', expiresAt: '2999-01-01T00:00:00Z' },
      404,
    ],
    ['POST', 'overrides', { account: 'a', api, dimensions: { table: 't' }, perMinute: 1, reason: 'x' }, 422],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, expiresAt: '2001-01-01T00:00:00Z', reason: 'x' }, 422],
    ['POST', 'overrides', { account: 'a', api, perMinute: 1, expiresAt: 'tomorrow', reason: 'x' }, 400],
    ['GET', 'overrides?limit=0', undefined, 400],
    ['GET', 'overrides?after=nonsense', undefined, 400],
    ['GET', 'overrides?after=WzEsMl0', undefined, 400],
    ['GET', 'overrides?colour=red', undefined, 400],
    ['GET', 'overrides/ovr_0', undefined, 404],
    ['GET', 'requests/req_0', undefined, 404],
    ['GET', 'accounts/%00/usage', undefined, 400],
    ['GET', 'history?from=yesterday', undefined, 400],
    ['GET', `overrides?ticket=${encodeURIComponent("'; DROP TABLE rollgate.override; --")}`, undefined, 200],
  ])('%s %s %j is refused with %i', async (method, where, body, status) => {
    const answer = await desk.admin.call(method, path(where), body);
    expect([answer.status, answer.text.includes('rollgate.') && status !== 200]).toEqual([status, false]);
    if (status >= 400) {
      expect(answer.headers.get('content-type')).toMatch(/application\/problem\+json/);
      expect(answer.body).toMatchObject({ status, message: expect.any(String) });
    }
  });

  test.each<[string, string, string, number]>([
    ['viewer', 'POST', 'overrides', 403],
    ['viewer', 'POST', 'requests/req_1/approve', 403],
    ['viewer', 'PATCH', 'catalogue/publish-bot', 403],
    ['viewer', 'GET', 'staff', 403],
    ['auditor', 'POST', 'overrides', 403],
    ['support', 'GET', 'tokens', 403],
    ['support', 'POST', 'staff', 403],
  ])('for the role %s, %s %s is refused with %i', async (role, method, where, status) => {
    const browser = desk[role as 'viewer'];
    expect((await browser.call(method, path(where), method === 'GET' ? undefined : {})).status).toBe(status);
  });

  test('every route answers 401 without credentials', async () => {
    for (const where of [
      'accounts',
      'overrides',
      'requests',
      'history',
      'catalogue',
      'near-limit',
      'system',
      'limit-events',
      'find?q=a',
    ]) {
      expect((await desk.service.call(path(where))).status).toBe(401);
    }
  });
});

test('the OpenAPI 3.1 description has an example and the errors of every admin API route, and /docs shows it', async () => {
  const { body } = await desk.service.call('/openapi.json');
  expect(body['openapi']).toMatch(/^3\.1/);
  for (const [route, operations] of Object.entries(body['paths'] as Json)) {
    if (!route.startsWith('/admin/api') || /sessions?(\/|$)/.test(route)) continue;
    for (const operation of Object.values(operations as Json) as Json[]) {
      const [status, done] =
        Object.entries(operation['responses'] as Json).find(([code]) => code.startsWith('2')) ?? [];
      expect([route, operation['operationId'], status]).toEqual([route, expect.any(String), expect.any(String)]);
      if (status !== '204')
        expect([route, done?.content?.['application/json']?.example]).toEqual([route, expect.anything()]);
      expect(operation['responses']).toHaveProperty('401');
    }
  }
  expect((await desk.service.call('/docs')).text).toMatch(/swagger/i);
});

test('running instances are listed with the version of the limits they have', async () => {
  const system = await until(
    async () => (await desk.viewer.get(path('system'))).body as Json,
    ({ instances, policyVersion }) =>
      instances.length === 2 && instances.every((instance: Json) => instance.policyVersion === policyVersion),
  );
  expect(system['instances'][0]).toMatchObject({ mode: 'normal' });
});
