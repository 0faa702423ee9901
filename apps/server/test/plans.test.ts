/** Plans over HTTP: create, change, assign, who is on a plan, and what a change would touch, with real decisions. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Browser, browserOf } from './browser.js';
import { type OwnService, startOwnService } from './start-service.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let service: OwnService;
let admin: Browser;
let support: Browser;
let viewer: Browser;
beforeAll(async () => {
  service = await startOwnService();
  admin = await browserOf(service, 'admin');
  support = await browserOf(service, 'support');
  viewer = await browserOf(service, 'viewer');
});
afterAll(() => service?.stop());

const plans = '/admin/api/plans';
const ofAccount = (account: string) => `/admin/api/accounts/${account}/plan`;
const PRO = {
  id: 'pro',
  title: 'Pro',
  limits: [{ factor: 2 }, { api: 'publish-bot', perMinute: 3, perHour: 300 }],
  reason: 'price list',
};
const decide = async (account: string, more: object = {}): Promise<Json> =>
  (await admin.post('/api/decisions', { account, api: 'publish-bot', dimensions: { bot: 'b' }, ...more })).body;

describe('plans', () => {
  test('an admin creates one, and everybody who may sign in reads it', async () => {
    const created = await admin.post(plans, PRO);
    expect(created).toMatchObject({ status: 201, body: { plan: { id: 'pro', version: 1, accounts: 0 }, lowered: [] } });
    expect((await viewer.get(plans)).body).toMatchObject({
      items: [
        {
          id: 'pro',
          limits: [
            { group: null, api: null, factor: 2 },
            { api: 'publish-bot', perMinute: 3, perHour: 300, factor: null },
          ],
        },
      ],
    });
    expect((await viewer.get(`${plans}/pro`)).headers.get('etag')).toBe('"1"');
    expect((await viewer.get(`${plans}/none`)).status).toBe(404);
    expect((await viewer.get(`${plans}/none/accounts`)).status).toBe(404);
    expect((await viewer.get(`${plans}/none/accounts?format=csv`)).status).not.toBe(200);
    expect((await admin.post(plans, PRO)).status).toBe(409);
    expect((await support.post(plans, { ...PRO, id: 'other' })).status).toBe(403);
    expect((await support.patch(`${plans}/pro`, { title: 'x', reason: 'y' }, { 'if-match': '"1"' })).status).toBe(403);
  });

  test.each([
    [400, { id: 'not an id' }],
    [400, { limits: [{ group: 'g', api: 'a', factor: 2 }] }],
    [400, { limits: [{ api: 'publish-bot' }] }],
    [400, { limits: [{ api: 'publish-bot', factor: 2, perHour: 1 }] }],
    [404, { limits: [{ api: 'no-such-api', factor: 2 }] }],
    [422, { limits: [{ factor: 2 }, { factor: 3 }] }],
  ])('a plan is refused with %i: %j', async (status, more) => {
    expect((await admin.post(plans, { ...PRO, id: 'refused', ...more })).status).toBe(status);
  });
});

describe('an account', () => {
  test('gets a plan, and its next calls are decided under it', async () => {
    const assigned = await admin.post(ofAccount('acme'), { plan: 'pro', reason: 'contract', allowLowering: true });
    expect(assigned).toMatchObject({
      status: 201,
      body: { assignment: { account: 'acme', plan: 'pro', planTitle: 'Pro', state: 'inForce', endsAt: null } },
    });
    const decisions = [];
    for (let i = 0; i < 4; i++) decisions.push(await decide('acme'));
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
    expect(decisions[3]).toMatchObject({ source: 'plan:pro', windows: { minute: { limit: 3 } } });
    expect((await viewer.get('/admin/api/accounts/acme/usage')).body).toMatchObject({
      items: [{ source: 'plan:pro', override: null, windows: { minute: { limit: 3 } } }],
    });
    expect((await viewer.get(`${plans}/pro/accounts`)).body).toMatchObject({
      items: [{ account: 'acme' }],
      next: null,
    });
    const csv = await admin.get(`${plans}/pro/accounts?format=csv`);
    expect(csv.text).toContain('acme');
  });

  test('sees before a change what a plan lowers, and has to confirm it', async () => {
    const preview = (await viewer.post(`${ofAccount('beta')}/preview`, { plan: 'pro' })).body as Json;
    expect(preview['lowered']).toContainEqual(
      expect.objectContaining({ api: 'publish-bot', window: 'minute', from: 60, to: 3 }),
    );
    expect(preview['effects']).toContainEqual(
      expect.objectContaining({ api: 'get-bots', after: expect.objectContaining({ source: 'plan:pro' }) }),
    );
    const refused = await admin.post(ofAccount('beta'), { plan: 'pro', reason: 'contract' });
    expect([refused.status, (refused.body as Json)['lowering'].length]).toEqual([409, preview['lowered'].length]);
  });

  test('support assigns only within its approval limit, and a viewer nothing', async () => {
    const spec = { plan: 'pro', reason: 'trial', allowLowering: true };
    expect((await viewer.post(ofAccount('gamma'), spec)).status).toBe(403);
    expect((await support.post(ofAccount('gamma'), spec)).status).toBe(403);
    const endsAt = new Date(Date.now() + 86_400_000).toISOString();
    expect((await support.post(ofAccount('gamma'), { ...spec, endsAt })).status).toBe(201);
  });

  test('loses its plan, with a confirmation and its version', async () => {
    const { current } = (await viewer.get(ofAccount('gamma'))).body as { current: { id: string; version: number } };
    const end = (version: number, more: object = {}) =>
      support.post(
        `${ofAccount('gamma')}/end`,
        { assignment: current.id, reason: 'left', ...more },
        { 'if-match': `"${version}"` },
      );
    expect((await end(7, { allowLowering: true })).status).toBe(412);
    expect((await end(current.version)).status).toBe(409);
    expect(await end(current.version, { allowLowering: true })).toMatchObject({
      status: 200,
      body: { assignment: { state: 'expired' } },
    });
    expect((await viewer.get(ofAccount('gamma'))).body).toMatchObject({ current: null, others: [{ plan: 'pro' }] });
    const other = await support.post(
      `${ofAccount('acme')}/end`,
      { assignment: current.id, reason: 'x' },
      { 'if-match': '"1"' },
    );
    expect(other.status).toBe(404);
  });

  test('a program brings the plan that it verified, unless one is assigned', async () => {
    expect(await decide('delta', { plan: 'pro' })).toMatchObject({
      source: 'plan:pro',
      windows: { minute: { limit: 3 } },
    });
    expect(await decide('delta')).toMatchObject({ source: 'default', windows: { minute: { limit: 60 } } });
    expect(await decide('delta', { plan: 'none' })).toMatchObject({ source: 'default' });
  });
});

test('a change of a plan is previewed with the number of its accounts, confirmed, and applied at once', async () => {
  const limits = [{ factor: 2 }, { api: 'publish-bot', perMinute: 2, perHour: 300 }];
  const preview = (await viewer.post(`${plans}/pro/preview`, { limits })).body;
  expect(preview).toMatchObject({ accounts: 1, lowered: [{ api: 'publish-bot', from: 3, to: 2, accounts: 1 }] });
  const change = (more: object, version = 1) =>
    admin.patch(`${plans}/pro`, { limits, reason: 'new prices', ...more }, { 'if-match': `"${version}"` });
  expect((await change({})).status).toBe(409);
  expect(await change({ allowLowering: true })).toMatchObject({
    status: 200,
    body: { plan: { version: 2, accounts: 1 } },
  });
  expect((await change({}, 1)).status).toBe(412);
  expect(await decide('acme')).toMatchObject({ windows: { minute: { limit: 2 } } });
  const retired = await admin.patch(`${plans}/pro`, { retired: true, reason: 'old' }, { 'if-match': '"2"' });
  expect(retired).toMatchObject({ status: 200, body: { plan: { retiredAt: expect.any(String) } } });
  expect((await admin.post(ofAccount('late'), { plan: 'pro', reason: 'x', allowLowering: true })).status).toBe(409);
});

test('the history shows both kinds of changes', async () => {
  const { items } = (await viewer.get('/admin/api/history?kind=plan')).body as Json;
  expect(items.map(({ action }: Json) => action)).toEqual(['retire', 'change', 'create']);
  const assignments = (await viewer.get('/admin/api/history?kind=assignment&account=gamma')).body as Json;
  expect(assignments['items'].map(({ action }: Json) => action)).toEqual(['end', 'assign']);
});
