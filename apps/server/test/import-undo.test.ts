/** The undo of a batch over HTTP, and imports of assignments of plans. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Desk, type Json } from './admin-traffic.js';
import type { Browser } from './browser.js';
import { csvOf, everything, historyOf, openImportDesk, send, verified } from './import-desk.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openImportDesk();
});
afterAll(() => desk?.close());

describe('the undo of a batch', () => {
  const undo = async (batch: string, more: object = {}, browser: Browser = desk.admin): Promise<Json> =>
    await browser.post(`/admin/api/history/batches/${batch}/undo`, { reason: 'wrong file', ...more });

  test('reverts all its changes as a new batch, and can be undone itself', async () => {
    const made = (await send(desk.admin, csvOf('u1,publish-bot,300,9000,never,r', 'u2,publish-bot,300,9000,never,r')))
      .body;
    expect((await desk.viewer.get(`/admin/api/history/batches/${made.batch}`)).body).toMatchObject({
      batch: made.batch,
      changes: 2,
      accounts: 2,
      actor: `staff:${desk.admin.login}`,
    });
    const { status, body } = await undo(made.batch);
    expect([status, body]).toMatchObject([200, { changes: 2, loweredCount: 4, batch: expect.stringMatching(/^bat_/) }]);
    expect(body.lowered[0].text).toBe('u2: publish-bot falls from 300 to 60 in any 60 s');
    expect((await historyOf(desk, body.batch)).map(({ action, account }) => [action, account])).toEqual([
      ['undo', 'u1'],
      ['undo', 'u2'],
    ]);
    const inForce = async () => (await desk.admin.get('/admin/api/overrides?account=u1')).body as Json;
    expect((await inForce())['items']).toEqual([]);
    expect((await undo(body.batch)).status).toBe(200);
    expect((await inForce())['items']).toMatchObject([{ id: made.items[0].id }]);
    expect(await verified(desk)).toMatchObject({ ok: true });
  });

  test('knows for each account what it lowers, under everything else that is set for that account', async () => {
    const own = { api: 'publish-bot', perMinute: 200, perHour: 9_000, reason: 'r' };
    await desk.admin.post('/admin/api/overrides', { account: 'x2', ...own });
    const lines = ['x1', 'x2', 'x3', 'x4'].map(
      (account, i) => `${account},publish-bot,${i < 3 ? 300 : 400},9000,never,r${i}`,
    );
    const made = (await send(desk.admin, csvOf(...lines))).body;
    const { body } = await undo(made.batch);
    const texts = body.lowered.map(({ text }: Json) => text).filter((text: string) => text.endsWith('60 s'));
    expect(texts).toEqual([
      'x4: publish-bot falls from 400 to 60 in any 60 s',
      'x3: publish-bot falls from 300 to 60 in any 60 s',
      'x2: publish-bot falls from 300 to 200 in any 60 s',
      'x1: publish-bot falls from 300 to 60 in any 60 s',
    ]);
  });

  test('is refused as a whole, with the names, if an item was changed since', async () => {
    const made = (await send(desk.admin, csvOf('v1,publish-bot,300,9000,never,r', 'v2,publish-bot,300,9000,never,r')))
      .body;
    const changed = made.items[1].id;
    await desk.admin.post(`/admin/api/overrides/${changed}/expire`, { reason: 'x' }, { 'if-match': '"1"' });
    const before = await everything(desk);
    expect(await undo(made.batch)).toMatchObject({
      status: 409,
      body: { message: `Changed since: ${changed} of v2. Undo those changes first.` },
    });
    expect(await everything(desk)).toEqual(before);
  });

  test('needs the permission for its changes and an existing batch', async () => {
    const made = (await send(desk.admin, csvOf('w1,publish-bot,300,9000,never,r'))).body;
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
    expect(await verified(desk)).toMatchObject({ ok: true });
  });

  test('is all or nothing, knows patterns, and the plan of the rows', async () => {
    const before = await everything(desk);
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
    expect(await everything(desk)).toEqual(before);
  });
});
