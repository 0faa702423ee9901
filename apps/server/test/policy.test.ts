/** Overrides, limit requests, the catalogue and the history over HTTP, with real traffic. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { calls, type Desk, inHours, type Json, makeOverride, openDesk, path } from './admin-traffic.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const api = 'publish-bot';

/** A limit request of another member of staff for the bot of `calls`. Resolves to its ID. */
async function askForMore(wish: { account: string; perMinute: number; reason: string }): Promise<string> {
  const asked = await desk.other.post(path('requests'), {
    ...wish,
    api,
    dimensions: { bot: 'b-1' },
    until: inHours(24),
  });
  expect(asked.status).toBe(201);
  return (asked.body as Json)['request'].id;
}

describe('from a denial to a custom limit', () => {
  test('a denied customer requests more, support approves, the same call is allowed within 2 s, and the history explains it in SQL', async () => {
    const account = 'path-co';
    expect(await calls(desk.limiter, 62, { account })).toBe(60);
    const id = await askForMore({ account, perMinute: 120, reason: 'We launch on Monday.' });

    // The limit events of the last second are written within the next second.
    const seen = await until(
      async () => ((await desk.support.get(path('requests?account=path-co'))).body as Json)['items'][0],
      { what: 'both denials are on record', accept: (item) => item?.proof.denialsLast7Days === 2 },
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
    const allowed = await until(() => desk.limiter.acquire({ account, api, dimensions: { bot: 'b-1' } }), {
      what: 'a call is allowed under the override',
      accept: (decision) => decision.allowed,
    });
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

describe('overrides', () => {
  test('a change with an outdated If-Match is refused, so it overwrites no change its author has not seen', async () => {
    const { id } = await makeOverride(desk.support, { account: 'etag-co' });
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
    const small = await makeOverride(desk.support, { account });
    const big = await makeOverride(desk.admin, { account, perMinute: 6_000, expiresAt: null });
    const later = await makeOverride(desk.support, { account, startsAt: inHours(1), expiresAt: inHours(2) });
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
    expect(message).toMatch(/up to 600 units a minute/);
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
    const { id } = await makeOverride(desk.support, { account: 'turn-co', perMinute: 1 });
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
    const made = [
      await makeOverride(desk.support, { account: 'bulk-co' }),
      await makeOverride(desk.support, { account: 'bulk-co' }),
    ];
    const answer = await desk.support.post(path('overrides/expire'), {
      ids: [...made.map(({ id }) => id), 'ovr_0'],
      reason: 'clean-up',
    });
    expect(answer.body).toEqual({
      expired: made.map(({ id }) => id),
      failed: [{ id: 'ovr_0', message: 'There is no override "ovr_0".' }],
    });
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

test('a CSV file contains no formulas and quotes cells that need it', async () => {
  await makeOverride(desk.support, { account: '=cmd()', reason: '+1 said "yes",\nreally' });
  const { text } = await desk.auditor.get(path(`overrides?account=${encodeURIComponent('=cmd()')}&format=csv`));
  expect(text).toContain(`'=cmd()`);
  expect(text).toContain(`"'+1 said ""yes"",\nreally"`);
});
