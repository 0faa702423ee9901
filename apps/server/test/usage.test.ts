/** Accounts, previews, near the limit, denials and search over HTTP, with real traffic. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventToWrite, until } from '@rollgate/testing';
import { calls, type Desk, type Json, makeOverride, openDesk, path } from './admin-traffic.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const api = 'publish-bot';

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
    const usage = await until(look, {
      what: 'the last denial is shown',
      accept: ({ items }) => items[0]?.lastDenial !== null,
    });
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
    const strip = await until(async () => (await desk.viewer.get(path(`accounts/${account}/strip`))).body as Json, {
      what: 'the strip shows denials',
      accept: ({ denials }) => sum(denials) > 0,
    });
    expect(strip['minutes']).toHaveLength(60);
    expect(strip['series']).toMatchObject([{ api, title: expect.any(String) }]);
    expect(sum(strip['series'][0].units)).toBe(65);
    expect(sum(strip['denials'])).toBe(5);
  });

  test('subjects near their limit are listed by band, the fullest first, with overrides taken into account', async () => {
    await calls(desk.limiter, 50, { account: 'near-co' });
    await calls(desk.limiter, 55, { account: 'near-co', bot: 'b-2' });
    await calls(desk.limiter, 10, { account: 'near-co', bot: 'b-3' });
    await makeOverride(desk.support, { account: 'near-co', dimensions: { bot: 'b-3' }, perMinute: 10 });
    await calls(desk.limiter, 60, { account: 'raised-co' });
    await makeOverride(desk.support, { account: 'raised-co', perMinute: 600 });
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
    const made = await makeOverride(desk.support, { account: 'box-co', ticket: 'SUP-77' });
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

test('a preview shows the approval limit and the denials of the last hour that would have been avoided', async () => {
  const account = 'preview-co';
  await calls(desk.limiter, 90, { account });
  const ask = (perMinute: number) => desk.support.post(path('overrides/preview'), { account, api, perMinute });
  const full = await until(() => ask(90), {
    what: 'all 30 denials are on record',
    accept: ({ body }) => (body as Json)['lastHour'].denied === 30,
  });
  expect(full.body).toMatchObject({
    default: { perMinute: 60, perHour: expect.any(Number) },
    inForce: { perMinute: 60, perHour: expect.any(Number), source: 'default', mode: 'enforced' },
    sets: { perMinute: 90, perHour: null, factor: null, extraMinute: null, extraHour: null },
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

test('limit events are listed, counted over time, explained and exported', async () => {
  const account = 'event-co';
  await calls(desk.limiter, 63, { account });
  const look = async () => (await desk.auditor.get(path(`limit-events?account=${account}`))).body as Json;
  const { items } = await until(look, {
    what: 'all three denials are on record',
    accept: (found) => found['items'].reduce((sum: number, { count }: Json) => sum + count, 0) === 3,
  });
  expect(items[0]).toMatchObject({
    api,
    window: 'minute',
    perMinute: 60,
    used: 60,
    source: 'default',
    mode: 'enforced',
    route: 'POST /api/public/bots/:botId/publish',
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
  const lines = (await desk.auditor.get(path(`limit-events?account=${account}&format=ndjson`))).text.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).account)).toEqual(items.map(() => account));
  expect((await desk.support.get(path('denials/nothing'))).status).toBe(404);
});

test('accounts and subjects near their limit can be downloaded as CSV', async () => {
  await calls(desk.limiter, 60, { account: 'csv-co' });
  expect((await desk.auditor.get(path('accounts?q=csv-co&format=csv'))).text).toBe('account\ncsv-co\n');
  const near = (await desk.auditor.get(path('near-limit?format=csv'))).text.split('\n');
  expect(near[0]).toBe(
    'account,api,apiTitle,group,groupTitle,countedTogether,subject,percent,band,source,mode,minuteUsed,minuteLimit,hourUsed,hourLimit',
  );
  expect(near.find((line) => line.startsWith('csv-co,'))).toMatch(/,100,100,default,enforced,60,60,60,1800$/);
});

describe('denials of the last weeks', () => {
  const HOUR_MS = 3_600_000;
  const event = (id: string, ago: number, changes: object = {}) =>
    eventToWrite({
      id,
      account: 'past-co',
      subject: `past-co/${api}/bot=old-bot`,
      dimensions: null,
      first_ms: Date.now() - ago,
      retry_ms: null,
      count: 4,
      units: 4,
      instance: 'a:1',
      request_id: `request-${id}`,
      ...changes,
    });

  beforeAll(async () => {
    const events = [
      event('past-1', 30 * HOUR_MS),
      event('past-2', 29 * HOUR_MS, { window_name: 'hour', count: 3 }),
      event('past-3', 0),
      event('past-4', 400 * HOUR_MS, {
        account: 'past-co-2',
        subject: 'past-co-2/get-bots/',
        api: 'get-bots',
        level: ['account'],
        mode: 'fallback_denied',
      }),
    ];
    await desk.database.pool.query('SELECT rollgate.write_events($1)', [JSON.stringify(events)]);
  });

  test('a chart of a week has bars of whole hours, before and after the roll-up has the denials', async () => {
    const look = async () =>
      (
        await desk.auditor.get(
          path(
            'limit-events/histogram?account=past-co&buckets=90&from=' +
              encodeURIComponent(new Date(Date.now() - 168 * HOUR_MS).toISOString()),
          ),
        )
      ).body as Json;
    const before = await look();
    expect(before).toMatchObject({ total: 11, bucketSeconds: 2 * 3600 });
    expect(before['counts'].reduce((sum: number, { hour }: Json) => sum + hour, 0)).toBe(3);
    for (let left = true; left; ) {
      const { rows } = await desk.database.pool.query('SELECT did FROM rollgate.roll_up_step(400, 86400)');
      left = rows[0].did !== null;
    }
    expect((await look())['total']).toBe(11);
  });

  test('a page of rare denials finds them, however old', async () => {
    const { items } = (await desk.auditor.get(path('limit-events?mode=fallback_denied&api=get-bots'))).body as Json;
    expect(items).toMatchObject([{ id: 'past-4', dimensions: { account: 'past-co-2' } }]);
    const bySubject = (
      await desk.auditor.get(path(`limit-events?subject=${encodeURIComponent(`past-co/${api}/bot=old-bot`)}`))
    ).body as Json;
    expect(bySubject['items'].map(({ id }: Json) => id)).toEqual(['past-3', 'past-2', 'past-1']);
  });

  test('an account that is known only by its denials or its usage is found, and so are a value and a request ID of one', async () => {
    const find = async (q: string) => ((await desk.auditor.get(path(`find?q=${q}`))).body as Json)['items'];
    expect((await find('past-co')).map(({ kind, account }: Json) => `${kind} ${account}`)).toEqual([
      'account past-co',
      'account past-co-2',
    ]);
    expect(await find('old-bot')).toMatchObject([{ kind: 'subject', account: 'past-co' }]);
    expect(await find('request-past-2')).toMatchObject([{ kind: 'denial', id: 'past-2' }]);
    await desk.database.pool.query(`DELETE FROM rollgate.limit_event_row WHERE account LIKE 'past-co%'`);
    expect((await find('past-co')).map(({ account }: Json) => account)).toEqual(['past-co', 'past-co-2']);
  });

  test('an account that is known only by its plan is found', async () => {
    const by = `ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author`;
    await desk.database.pool.query(
      `SELECT rollgate.create_plan('{"id": "found", "limits": [{"factor": 2}], "reason": "r"}', ${by}),
              rollgate.assign_plan('{"account": "planned-co", "plan": "found", "reason": "r"}', ${by})`,
    );
    const { items } = (await desk.auditor.get(path('find?q=planned-co'))).body as Json;
    expect(items).toMatchObject([{ kind: 'account', account: 'planned-co' }]);
  });
});
