/** A caller sees rows of a kind only with the permission for that kind, in every list. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import type { Permission } from '../src/http/permissions.js';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { calls, type Desk, inHours, openDesk } from './admin-traffic.js';
import { AUTHOR } from './browser.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

const account = 'kinds-co';
const api = 'publish-bot';
const reason = 'A reason that only some may read.';
const KINDS = {
  override: 'overrides.read',
  request: 'requests.read',
  denial: 'events.read',
} as const satisfies Record<string, Permission>;

let desk: Desk;
const ids: Record<string, string> = {};
let tokens = 0;

beforeAll(async () => {
  desk = await openDesk();
  await calls(desk.limiter, 62, { account });
  const asked = await desk.other.post('/admin/api/requests', { account, api, perMinute: 90, reason, ticket: 'SUP-9' });
  ids['request'] = (asked.body as Json)['request'].id;
  const made = await desk.support.post('/admin/api/overrides', {
    account,
    api,
    perMinute: 70,
    expiresAt: inHours(1),
    reason,
    ticket: 'SUP-9',
  });
  ids['override'] = (made.body as Json)['override'].id;
  // Denied under the override, which the limiter of the traffic loads within 2 s.
  await until(() => desk.limiter.acquire({ account, api, dimensions: { bot: 'b-1' } }), {
    what: 'a call is denied under the override',
    accept: ({ allowed, source }) => !allowed && source === ids['override'],
  });
  const events = await until(
    async () => ((await desk.auditor.get(`/admin/api/limit-events?account=${account}`)).body as Json)['items'],
    {
      what: 'denials under both limits are on record',
      accept: (items: Json[]) => new Set(items.map(({ source }) => source)).size === 2,
    },
  );
  ids['denial'] = events.find(({ source }: Json) => source === ids['override'])?.['id'];
  ids['default denial'] = events.find(({ source }: Json) => source === 'default')?.['id'];
  await desk.admin.post('/admin/api/staff', { login: 'new@example.com', role: 'viewer' });
  await calls(desk.limiter, 1, { account: 'kinds-reset' });
  await desk.support.post('/admin/api/accounts/kinds-reset/reset', { api, reason });
});
afterAll(() => desk?.close());

async function asToken(permissions: readonly Permission[], path: string) {
  const service = desk.service.server.app.get(ServiceTokens, { strict: false });
  const name = `t-${++tokens}`;
  const { secret } = await service.create(
    { name, permissions: [...permissions], role: 'support', expiresAt: null },
    AUTHOR,
  );
  return await desk.service.call(`/admin/api/${path}`, { headers: { authorization: `Bearer ${secret}` } });
}

const found = async (permissions: readonly Permission[], q: string): Promise<Json[]> =>
  ((await asToken(permissions, `find?q=${encodeURIComponent(q)}`)).body as Json)['items'];

describe('find', () => {
  test.each(Object.entries(KINDS))('finding an item of the kind %s needs %s', async (kind, permission) => {
    const id = String(ids[kind]);
    expect((await found(['accounts.read', permission], id)).map((item) => item['kind'])).toEqual([kind]);
    const others = Object.values(KINDS).filter((other) => other !== permission);
    expect(await found(['accounts.read', ...others], id)).toEqual([]);
  });

  test('searching for a ticket finds overrides and limit requests, each with its own permission', async () => {
    const labels = async (...permissions: Permission[]) =>
      (await found(['accounts.read', ...permissions], 'SUP-9')).map(({ label }) => label).sort();
    expect(await labels()).toEqual([]);
    expect(await labels('overrides.read')).toEqual(['Override for publish-bot']);
    expect(await labels('requests.read')).toEqual(['Limit request for publish-bot']);
    expect(await labels('overrides.read', 'requests.read')).toHaveLength(2);
  });

  test('finding the HTTP request ID of a denied call needs events.read', async () => {
    expect(await found(['accounts.read', 'overrides.read', 'requests.read'], 'r-1')).toEqual([]);
    expect((await found(['accounts.read', 'events.read'], 'r-1')).length).toBeGreaterThan(0);
  });

  test('finding an account needs accounts.read', async () => {
    expect((await found(['accounts.read'], account)).map(({ kind }) => kind)).toEqual(['account']);
    expect((await asToken(Object.values(KINDS), `find?q=${account}`)).status).toBe(403);
  });
});

describe('history', () => {
  const kinds = async (path: string, permissions: readonly Permission[]) => {
    const { body } = await asToken(permissions, path);
    return [...new Set((body as Json)['items'].map((item: Json) => item['kind']))].sort();
  };

  test.each<[Permission, string[]]>([
    ['overrides.read', ['override', 'reset']],
    ['requests.read', ['request']],
    ['staff.read', ['staff', 'token']],
    ['catalogue.read', ['catalogue']],
  ])('%s shows changes of the kinds %j', async (permission, expected) => {
    // The rows of the catalogue are older than all others, so read far enough.
    expect(await kinds('history?limit=500', ['history.read', permission])).toEqual(expected);
  });

  test('a kind without permission is refused when requested by name, and a file contains no more than the screen', async () => {
    const { status, body } = await asToken(['history.read', 'overrides.read'], 'history?kind=staff');
    expect([status, body['message']]).toEqual([403, 'This needs the permission "staff.read".']);
    const { text } = await asToken(['history.read', 'overrides.read', 'export'], 'history?format=csv');
    expect(text).toContain(reason);
    expect(text).not.toMatch(/new@example\.com|,staff,|,token,|,request,/);
  });

  test('the roles viewer and support see no changes of staff, but an auditor does', async () => {
    for (const browser of [desk.viewer, desk.support])
      expect((await browser.get('/admin/api/history')).text).not.toContain('new@example.com');
    expect((await desk.auditor.get('/admin/api/history')).text).toContain('new@example.com');
  });
});

test('usage includes the override and the last denial only for callers who may read them', async () => {
  const path = `accounts/${account}/usage`;
  const bare = (await asToken(['accounts.read'], path)).body as Json;
  expect(bare['items'][0]).toMatchObject({ source: ids['override'], override: null, lastDenial: null });
  const whole = (await asToken(['accounts.read', 'overrides.read', 'events.read'], path)).body as Json;
  expect(whole['items'][0]).toMatchObject({
    override: { id: ids['override'], reason },
    lastDenial: { window: 'minute' },
  });
});

test('the explanation of a denial under an override needs overrides.read too, because it includes the reason and author', async () => {
  const { status, body, text } = await asToken(['events.read'], `denials/${ids['denial']}`);
  expect([status, body['message']]).toEqual([403, 'This needs the permission "overrides.read".']);
  expect(text).not.toContain(reason);
  const whole = await asToken(['events.read', 'overrides.read'], `denials/${ids['denial']}`);
  expect(whole.text).toContain(reason);
  expect((await asToken(['events.read'], `denials/${ids['default denial']}`)).status).toBe(200);
});
