/**
 * Staff change limits over HTTP: lowering a limit needs confirmation, an undo reverts only its own change, and Rollgate's
 * own account cannot be changed.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { calls, type Desk, inHours, openDesk } from './admin-traffic.js';
import type { Browser } from './browser.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const path = (rest: string) => `/admin/api/${rest}`;
const api = 'publish-bot';
const make = async (spec: Json, by: Browser = desk.support) => {
  const answer = await by.post(path('overrides'), { expiresAt: inHours(1), reason: 'test', ...spec });
  return { status: answer.status, body: answer.body as Json };
};
const falls = (lowering: Json[]) => lowering.map(({ window, from, to }) => [window, from, to]);

describe('lowering a limit', () => {
  test('creating, changing or restoring an override that lowers a limit is refused with a list until it is confirmed', async () => {
    const account = 'fall-co';
    const first = await make({ account, api, perMinute: 300, perHour: 9_000 });
    expect(first.body).toMatchObject({ lowered: [], override: { perMinute: 300 } });
    const down = { account, api, perMinute: 120, perHour: 3_600 };
    const refused = await make(down);
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringMatching(/^This lowers a limit/) } });
    expect(falls(refused.body['lowering'])).toEqual([
      ['minute', 300, 120],
      ['hour', 9_000, 3_600],
    ]);
    const done = await make({ ...down, allowLowering: true });
    expect([done.status, falls(done.body['lowered'])]).toEqual([201, falls(refused.body['lowering'])]);

    const { id } = done.body['override'];
    const change = (body: Json, version: number) =>
      desk.support.patch(path(`overrides/${id}`), { reason: 'x', ...body }, { 'if-match': `"${version}"` });
    expect((await change({ perHour: 2_000 }, 1)).status).toBe(409);
    const changed = await change({ perHour: 2_000, allowLowering: true }, 1);
    expect(falls((changed.body as Json)['lowered'])).toEqual([['hour', 3_600, 2_000]]);

    const preview = await desk.support.post(path('overrides/expire/preview'), { ids: [id] });
    expect(preview.body).toEqual({ items: [{ id, lowered: [] }] }); // the remaining override allows more
    const ended = await desk.support.post(path(`overrides/${id}/expire`), { reason: 'x' }, { 'if-match': '"2"' });
    expect(ended.body).toMatchObject({ lowered: [], override: { state: 'expired' } });
    const restore = (more: Json) =>
      desk.support.post(
        path(`overrides/${id}/restore`),
        { reason: 'x', expiresAt: inHours(1), ...more },
        { 'if-match': '"3"' },
      );
    expect(
      (
        await desk.support.post(
          path(`overrides/${first.body['override'].id}/expire`),
          { reason: 'x' },
          { 'if-match': '"1"' },
        )
      ).body,
    ).toMatchObject({
      lowered: [
        { from: 300, to: 60 },
        { from: 9_000, to: 1_800 },
      ],
    });
    expect((await restore({})).status).toBe(200);
  });

  test('a factor raises a whole account, each API by its own default, and a preview shows the limits before and after', async () => {
    const account = 'factor-co';
    const ask = async (more: Json) =>
      (await desk.support.post(path('overrides/preview'), { account, ...more })).body as Json;
    const plain = await ask({ perMinute: 120, perHour: 3_600 });
    expect(plain['lowered'].length).toBeGreaterThan(0);
    const times = await ask({ factor: 2 });
    expect(times).toMatchObject({ lowered: [], sets: { factor: 2 } });
    expect(times['effects']).toHaveLength(78);
    for (const { default: byDefault, before, after } of times['effects']) {
      expect(after).toEqual({ perMinute: byDefault.perMinute * 2, perHour: byDefault.perHour * 2 });
      expect(before).toEqual({ ...byDefault, source: 'default' });
    }
    const { status, body } = await make({ account, factor: 2 });
    expect([status, body['override'].factor]).toEqual([201, 2]);
    await until(() => desk.limiter.limitsOf({ account, api, dimensions: { bot: 'b' } }), {
      what: 'the limiter uses the factor',
      accept: ({ limits }) => limits.perMinute === 120,
    });
    const list = (await desk.viewer.get(path(`overrides?account=${account}&aboveTimes=2`))).body as Json;
    expect(list['items']).toMatchObject([{ factor: 2, perMinute: null }]);
    const csv = (await desk.auditor.get(path(`overrides?account=${account}&format=csv`))).text;
    expect(csv.split('\n')[0]).toContain('perMinute,perHour,factor,extraMinute,extraHour,mode');
  });

  test('a factor above the approval limit becomes a limit request for an admin, and approving it creates a factor', async () => {
    const { status, body } = await make({ account: 'wide-co', factor: 11 });
    expect([status, body['request'].factor]).toEqual([202, 11]);
    const approve = path(`requests/${body['request'].id}/approve`);
    expect((await desk.other.post(approve, {}, { 'if-match': '"1"' })).status).toBe(403);
    const approved = await desk.admin.post(approve, {}, { 'if-match': '"1"' });
    const override = await desk.viewer.get(path(`overrides/${(approved.body as Json)['request'].overrideId}`));
    expect(override.body).toMatchObject({ factor: 11, perMinute: null, perHour: null });
  });

  test('an approval that lowers a limit is refused with a list, and what the request left out stays unchanged', async () => {
    const account = 'approve-co';
    await make({ account, api, perMinute: 300, perHour: 9_000 });
    const ask = { account, api, perMinute: 100, until: inHours(5), reason: 'x' };
    const { request } = (await desk.other.post(path('requests'), ask)).body as Json;
    const approve = (more: Json) =>
      desk.support.post(path(`requests/${request.id}/approve`), more, { 'if-match': '"1"' });
    const refused = await approve({});
    expect([refused.status, falls((refused.body as Json)['lowering'])]).toEqual([409, [['minute', 300, 100]]]);
    const done = await approve({ perMinute: 350 });
    expect(done.body).toMatchObject({ request: { state: 'approved' }, lowered: [] });
    const { overrideId } = (done.body as Json)['request'];
    expect((await desk.viewer.get(path(`overrides/${overrideId}`))).body).toMatchObject({
      perMinute: 350,
      perHour: 9_000,
    });
  });
});

test('a limit request whose requested end has passed is past due', async () => {
  const ask = { account: 'due-co', api, perMinute: 100, until: new Date(Date.now() + 800).toISOString(), reason: 'x' };
  const { request } = (await desk.other.post(path('requests'), ask)).body as Json;
  expect(request.pastDue).toBe(false);
  const listed = await until(
    async () => ((await desk.viewer.get(path('requests?account=due-co'))).body as Json)['items'][0].request,
    { what: 'the request is past due', accept: ({ pastDue }) => pastDue },
  );
  expect(listed.state).toBe('open');
  const approve = (body: Json) =>
    desk.support.post(path(`requests/${request.id}/approve`), body, { 'if-match': '"1"' });
  expect((await approve({})).status).toBe(422);
  expect((await approve({ expiresAt: inHours(1) })).status).toBe(200);
});

describe('an undo', () => {
  test('an undo reverts its own change, even if a colleague made a change in between', async () => {
    const account = 'undo-co';
    const both = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        make({ account, api, perMinute: 100 + i, allowLowering: true }, i % 2 === 0 ? desk.support : desk.other),
      ),
    );
    for (const { body } of both) {
      const { override, historyId } = body;
      const found = (await desk.auditor.get(path(`history?target=${override.id}`))).body as Json;
      expect(found['items']).toMatchObject([{ id: historyId, action: 'create' }]);
    }
    const { override, historyId } = (both[0] as { body: Json }).body;
    const change = { perMinute: 500, reason: 'a colleague was faster' };
    await desk.other.patch(path(`overrides/${override.id}`), change, { 'if-match': '"1"' });
    const late = await desk.support.post(path(`history/${historyId}/undo`), { reason: 'oops' });
    expect(late).toMatchObject({ status: 409, body: { message: expect.stringMatching(/A later change exists/) } });
    expect((await desk.viewer.get(path(`overrides/${override.id}`))).body).toMatchObject({ perMinute: 500 });
  });

  test('an undo needs the permission for the change that it reverts', async () => {
    const token = async (permissions: string[]) => {
      const made = await desk.admin.post(path('tokens'), { name: permissions.join('-'), permissions, role: 'admin' });
      expect(made.status).toBe(201);
      const { secret } = made.body as Json;
      return (id: number) =>
        desk.service.call(path(`history/${id}/undo`), {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({ reason: 'x', allowLowering: true }),
        });
    };
    const overrides = await token(['overrides.write', 'history.read']);
    const catalogue = await token(['catalogue.write']);
    const edit = await desk.admin.patch(
      path('catalogue/get-roles'),
      { perMinute: 1_000, reason: 'x' },
      { 'if-match': '"1"' },
    );
    const made = await make({ account: 'token-co', api, perMinute: 100 });
    const [edited, created] = [(edit.body as Json)['historyId'], made.body['historyId']];
    expect((await overrides(edited)).body).toMatchObject({
      status: 403,
      message: expect.stringMatching(/catalogue\.write/),
    });
    expect((await catalogue(created)).body).toMatchObject({
      status: 403,
      message: expect.stringMatching(/overrides\.write/),
    });
    expect((await catalogue(edited)).status).toBe(200);
    expect((await overrides(created)).status).toBe(200);
    expect((await overrides(1_000_000)).status).toBe(404);
    expect((await desk.auditor.post(path(`history/${created}/undo`), { reason: 'x' })).status).toBe(403);
  });
});

describe('an account without any traffic on record', () => {
  test('an unknown account gets a warning with similar names, in the preview and after the change', async () => {
    await calls(desk.limiter, 1, { account: 'casey-and-sons' });
    const near = async (account: string) =>
      ((await desk.support.post(path('overrides/preview'), { account, factor: 2 })).body as Json)['warnings'];
    expect(await near('casey-and-sons')).toEqual([]);
    expect(await near('Casey-and-Sons')).toMatchObject([{ code: 'unknownAccount', near: ['casey-and-sons'] }]);
    expect(await near('casey-and-son')).toMatchObject([{ near: ['casey-and-sons'] }]);
    expect(await near('quite-another')).toMatchObject([{ near: [] }]);
    const made = await make({ account: 'CASEY-and-sons', factor: 2 });
    expect(made).toMatchObject({ status: 201, body: { warnings: [{ near: ['casey-and-sons'] }] } });
    // An unused override does not make the account a known one.
    expect(await near('CASEY-and-sons')).toHaveLength(1);
  });
});

describe('Rollgate’s own account', () => {
  test('Rollgate’s own account accepts no override or limit request, and has no page', async () => {
    const account = '_rollgate';
    expect((await make({ account, factor: 2 }, desk.admin)).status).toBe(422);
    expect((await make({ account, perMinute: 0, perHour: 0, allowLowering: true }, desk.admin)).status).toBe(422);
    const ask = { account, perMinute: 600, reason: 'x' };
    expect((await desk.admin.post(path('requests'), ask)).status).toBe(422);
    expect((await desk.admin.post(path('overrides/preview'), { account })).status).toBe(422);
    for (const page of ['', '/usage', '/strip'])
      expect((await desk.admin.get(path(`accounts/${account}${page}`))).status).toBe(404);
  });

  test('Rollgate’s own account is in no list and in no search result, whatever it counts', async () => {
    const attempt = { login: 'x@example.com', password: 'not it' };
    for (let i = 0; i < 12; i++)
      await desk.service.call(path('session'), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-rollgate-request': '1', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(attempt),
      });
    const recorded = () =>
      desk.database.pool.query(`SELECT FROM rollgate.limit_event WHERE account = '_rollgate' AND kind = 'denied'`);
    await until(recorded, { what: 'a denial is on record', accept: ({ rows }) => rows.length > 0 });
    for (const list of ['accounts?q=_roll', 'near-limit', 'limit-events', 'find?q=_rollgate', 'find?q=x@example.com'])
      expect([list, (await desk.admin.get(path(list))).text]).toEqual([list, expect.not.stringContaining('_rollgate')]);
  });
});

describe('"never used"', () => {
  const neverUsed = async (account: string) =>
    ((await desk.viewer.get(path(`overrides?account=${account}&neverUsed=true`))).body as Json)['items'].length;

  test('an override that only keeps denials from being enforced counts as used', async () => {
    const account = 'shadow-co';
    await make({ account, mode: 'shadow', expiresAt: null }, desk.admin);
    await desk.limiter.refreshPolicy();
    expect(await neverUsed(account)).toBe(1);
    expect(await calls(desk.limiter, 62, { account })).toBe(62);
    await until(() => neverUsed(account), { what: 'the override counts as used', accept: (count) => count === 0 });
    const listed = (await desk.viewer.get(path(`overrides?account=${account}`))).body as Json;
    expect(listed['items'][0].use.neededAt).not.toBeNull();
  });

  test('an override that blocks calls counts as used', async () => {
    const account = 'block-co';
    await make({ account, api, perMinute: 0, perHour: 0, allowLowering: true });
    await desk.limiter.refreshPolicy();
    expect(await calls(desk.limiter, 3, { account })).toBe(0);
    await until(() => neverUsed(account), { what: 'the override counts as used', accept: (count) => count === 0 });
  });
});
