/** The undo of a batch over HTTP, and imports of assignments of plans. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calls, type Desk, openDesk } from './admin-traffic.js';
import type { Browser } from './browser.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  for (const account of ['acme-east', 'acme-west', 'acme_1', 'other']) await calls(desk.limiter, 1, { account });
  await desk.admin.post('/admin/api/plans', {
    id: 'pro',
    limits: [{ factor: 2 }, { api: 'publish-bot', perMinute: 30, perHour: 9_000 }],
    reason: 'prices',
  });
  await desk.admin.post('/admin/api/plans', { id: 'free', limits: [], reason: 'prices' });
});
afterAll(() => desk?.close());

const HEAD = 'account,api,per_minute,per_hour,expires_at,reason';
const csvOf = (...lines: string[]) => [HEAD, ...lines].join('\n');
const overrides = '/admin/api/overrides/import';
const send = async (csv: string, more: object = {}, browser: Browser = desk.admin): Promise<Json> =>
  await browser.post(overrides, { csv, ...more });
const countOf = async (table: string): Promise<number> =>
  Number((await desk.database.pool.query(`SELECT count(*) FROM rollgate.${table}`)).rows[0].count);
const everything = async () => [await countOf('override'), await countOf('plan_assignment'), await countOf('history')];
const verified = async () => (await desk.admin.get('/admin/api/history/verify')).body;
const historyOf = async (batch: string): Promise<Json[]> =>
  ((await desk.admin.get(`/admin/api/history?batch=${batch}&limit=500`)).body as Json)['items'];

describe('the undo of a batch', () => {
  const undo = async (batch: string, more: object = {}, browser: Browser = desk.admin): Promise<Json> =>
    await browser.post(`/admin/api/history/batches/${batch}/undo`, { reason: 'wrong file', ...more });

  test('reverts all its changes as a new batch, and can be undone itself', async () => {
    const made = (await send(csvOf('u1,publish-bot,300,9000,never,r', 'u2,publish-bot,300,9000,never,r'))).body;
    expect((await desk.viewer.get(`/admin/api/history/batches/${made.batch}`)).body).toMatchObject({
      batch: made.batch,
      changes: 2,
      accounts: 2,
      actor: `staff:${desk.admin.login}`,
    });
    const { status, body } = await undo(made.batch);
    expect([status, body]).toMatchObject([200, { changes: 2, loweredCount: 4, batch: expect.stringMatching(/^bat_/) }]);
    expect(body.lowered[0].text).toBe('u2: publish-bot falls from 300 to 60 in any 60 s');
    expect((await historyOf(body.batch)).map(({ action, account }) => [action, account])).toEqual([
      ['undo', 'u1'],
      ['undo', 'u2'],
    ]);
    const inForce = async () => (await desk.admin.get('/admin/api/overrides?account=u1')).body as Json;
    expect((await inForce())['items']).toEqual([]);
    expect((await undo(body.batch)).status).toBe(200);
    expect((await inForce())['items']).toMatchObject([{ id: made.items[0].id }]);
    expect(await verified()).toMatchObject({ ok: true });
  });

  test('is refused as a whole, with the names, if an item was changed since', async () => {
    const made = (await send(csvOf('v1,publish-bot,300,9000,never,r', 'v2,publish-bot,300,9000,never,r'))).body;
    const changed = made.items[1].id;
    await desk.admin.post(`/admin/api/overrides/${changed}/expire`, { reason: 'x' }, { 'if-match': '"1"' });
    const before = await everything();
    expect(await undo(made.batch)).toMatchObject({
      status: 409,
      body: { message: `Changed since: ${changed} of v2. Undo those changes first.` },
    });
    expect(await everything()).toEqual(before);
  });

  test('needs the permission for its changes and an existing batch', async () => {
    const made = (await send(csvOf('w1,publish-bot,300,9000,never,r'))).body;
    expect((await undo(made.batch, {}, desk.viewer)).status).toBe(403);
    expect((await undo('bat_0', {}, desk.viewer)).status).toBe(403);
    expect((await undo('bat_0')).status).toBe(404);
    expect((await desk.viewer.get('/admin/api/history/batches/bat_0')).status).toBe(404);
    expect((await undo(made.batch, { reason: ' ' })).status).toBe(400);
    expect((await undo(made.batch, {}, desk.support)).status).toBe(200);
  });
});

describe('an import of assignments', () => {
  const path = '/admin/api/plans/pro/assignments/import';
  const assign = async (csv: string, more: object = {}, browser: Browser = desk.admin): Promise<Json> =>
    await browser.post(path, { csv, reason: 'contract', ...more });
  const planOf = async (account: string) =>
    ((await desk.admin.get(`/admin/api/accounts/${account}/plan`)).body as Json)['current']?.plan ?? null;

  test('assigns the plan to each account, and its undo gives back the plans before', async () => {
    await desk.admin.post('/admin/api/accounts/p1/plan', { plan: 'free', reason: 'x' });
    const file = 'account,ends_at\np1,never\np2,never';
    expect((await assign(file)).body.errors).toMatchObject([
      { column: 'allow_lowering' },
      { column: 'allow_lowering' },
    ]);
    const { status, body } = await assign(file, { allowLowering: true });
    expect([status, body.items]).toMatchObject([200, [{ account: 'p1', plan: 'pro' }, { account: 'p2' }]]);
    expect([await planOf('p1'), await planOf('p2')]).toEqual(['pro', 'pro']);
    const undo = (more: object) =>
      desk.admin.post(`/admin/api/history/batches/${body.batch}/undo`, { reason: 'x', ...more });
    expect((await undo({})).status).toBe(409);
    expect(await undo({ allowLowering: true })).toMatchObject({ status: 200, body: { changes: 3 } });
    expect([await planOf('p1'), await planOf('p2')]).toEqual(['free', null]);
    expect(await verified()).toMatchObject({ ok: true });
  });

  test('is all or nothing, knows patterns, and the plan of the rows', async () => {
    const before = await everything();
    const { body } = await assign('account,plan,ends_at\nacme-*,,never\nq,free,never\nq,pro,yesterday', {
      dryRun: true,
    });
    expect(body.items.map(({ account }: Json) => account)).toEqual(['acme-east', 'acme-west']);
    expect(body.errors.filter(({ column }: Json) => column !== 'allow_lowering')).toMatchObject([
      { line: 3, column: 'plan', message: 'must be "pro", or be left out' },
      { line: 4, column: 'ends_at' },
    ]);
    const twice = await assign('account,ends_at\nq,never\nq,never', { allowLowering: true });
    expect([twice.status, twice.body.errors]).toMatchObject([422, [{ line: 3, column: 'account' }]]);
    expect((await assign('account,ends_at\nq,never', { allowLowering: true }, desk.support)).status).toBe(422);
    expect(
      (
        await desk.admin.post('/admin/api/plans/none/assignments/import', {
          csv: 'account,ends_at\nq,never',
          reason: 'r',
        })
      ).body,
    ).toMatchObject({ errors: [{ column: 'plan', message: 'There is no plan "none".' }] });
    expect(await everything()).toEqual(before);
  });
});
