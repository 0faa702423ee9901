/** The undo of changes of plans and of their assignments, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Desk, inHours, type Json, openDesk, path } from './admin-traffic.js';
import type { Browser } from './browser.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  for (const [id, perMinute] of [
    ['low', 100],
    ['high', 200],
  ])
    await desk.admin.post(path('plans'), {
      id,
      limits: [{ api: 'publish-bot', perMinute, perHour: 9_000 }],
      reason: 'r',
    });
});
afterAll(() => desk?.close());

const undo = (change: number, more: object = {}, browser: Browser = desk.admin) =>
  browser.post(path(`history/${change}/undo`), { reason: 'a mistake', ...more });
const planOf = async (id: string): Promise<Json> => (await desk.admin.get(path(`plans/${id}`))).body;
const change = async (id: string, body: object): Promise<number> => {
  const { version } = await planOf(id);
  const answer = await desk.admin.patch(path(`plans/${id}`), { reason: 'r', ...body }, { 'if-match': `"${version}"` });
  expect(answer.status).toBe(200);
  return (answer.body as Json)['historyId'];
};
const assign = async (account: string, body: object): Promise<Json> => {
  const answer = await desk.admin.post(path(`accounts/${account}/plan`), { reason: 'r', allowLowering: true, ...body });
  expect(answer.status).toBe(201);
  return answer.body;
};
const end = async (account: string, { id, version }: Json): Promise<number> => {
  const body = { assignment: id, reason: 'r', allowLowering: true };
  const answer = await desk.admin.post(path(`accounts/${account}/plan/end`), body, { 'if-match': `"${version}"` });
  expect(answer.status).toBe(200);
  return (answer.body as Json)['historyId'];
};
const current = async (account: string) =>
  ((await desk.admin.get(path(`accounts/${account}/plan`))).body as Json)['current']?.plan ?? null;

describe('a plan', () => {
  test('gets back its limits, texts and retirement', async () => {
    const before = await planOf('low');
    const changed = await change('low', {
      title: 'New',
      description: 'x',
      limits: [{ factor: 3 }],
      retired: true,
      allowLowering: true,
    });
    expect((await undo(changed)).status).toBe(409);
    expect((await undo(changed, { allowLowering: true }, desk.support)).status).toBe(403);
    const undone = await undo(changed, { allowLowering: true });
    expect(undone.status).toBe(200);
    const { version, changedAt, ...same } = await planOf('low');
    expect({ ...same, version: 1, changedAt: before['changedAt'] }).toEqual(before);
    expect((await undo(changed)).status).toBe(409);
    // The undo is a change, too.
    expect((await undo((undone.body as Json)['historyId'], { allowLowering: true })).status).toBe(200);
    expect(await planOf('low')).toMatchObject({ title: 'New', retiredAt: expect.any(String) });
    await change('low', { retired: false, limits: before['limits'], allowLowering: true });
  });

  test('names what its undo lowers for its accounts', async () => {
    await assign('raised', { plan: 'high' });
    const raised = await change('high', { limits: [{ api: 'publish-bot', perMinute: 900, perHour: 9_000 }] });
    const refused = await undo(raised);
    expect([refused.status, refused.body]).toMatchObject([409, { lowering: [{ from: 900, to: 200, accounts: 1 }] }]);
    expect(await undo(raised, { allowLowering: true })).toMatchObject({
      status: 200,
      body: { lowered: [{ to: 200 }] },
    });
  });

  test('that was created is retired and sets no limit', async () => {
    const made = await desk.admin.post(path('plans'), { id: 'wrong', limits: [{ factor: 2 }], reason: 'r' });
    await assign('victim', { plan: 'wrong' });
    const { historyId } = made.body as Json;
    expect((await undo(historyId)).status).toBe(409);
    expect((await undo(historyId, { allowLowering: true })).status).toBe(200);
    expect(await planOf('wrong')).toMatchObject({ limits: [], retiredAt: expect.any(String), accounts: 1 });
    const { rows } = await desk.database.pool.query(
      `SELECT per_minute FROM rollgate.limits_for('victim', 'publish-bot', '')`,
    );
    expect(rows).toEqual([{ per_minute: 60 }]);
  });
});

describe('an account', () => {
  test('gets back the plan before its assignment', async () => {
    await assign('a', { plan: 'low' });
    const { historyId } = await assign('a', { plan: 'high' });
    expect(await current('a')).toBe('high');
    const refused = await undo(historyId);
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { lowering: [{ api: 'publish-bot', from: 200, to: 100 }] },
    ]);
    expect((await undo(historyId, { allowLowering: true })).status).toBe(200);
    expect(await current('a')).toBe('low');
    const { items } = (await desk.admin.get(path('history?kind=assignment&account=a'))).body as Json;
    expect(items.map(({ action, undoes }: Json) => [action, undoes])).toEqual([
      ['undo', historyId - 1],
      ['undo', historyId],
      ['assign', null],
      ['end', null],
      ['assign', null],
    ]);
  });

  test('has no plan again after the undo of its first one, and the plan it lost after the undo of its end', async () => {
    const { historyId, assignment } = await assign('b', { plan: 'high' });
    expect((await undo(historyId, { allowLowering: true })).status).toBe(200);
    expect(await current('b')).toBeNull();
    const again = (await assign('b', { plan: 'high' }))['assignment'];
    const ended = await end('b', again);
    expect(again.id).not.toBe(assignment.id);
    expect((await undo(ended)).status).toBe(200);
    expect(await current('b')).toBe('high');
  });

  test('does not get a second plan by an undo', async () => {
    const first = (await assign('c', { plan: 'low' }))['assignment'];
    const ended = await end('c', first);
    const { assignment } = await assign('c', { plan: 'high' });
    expect(await undo(ended, { allowLowering: true })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('The account has the plan "high"') },
    });
    expect(await current('c')).toBe('high');
    // The other way around: the later one was ended, and the first one is back.
    const later = await end('c', assignment);
    expect((await undo(ended)).status).toBe(200);
    expect(await undo(later, { allowLowering: true })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining(`The account has the plan "low" by the assignment ${first.id}`) },
    });
  });

  test('does not get back a plan whose end was changed since', async () => {
    const first = (await assign('d', { plan: 'low' }))['assignment'];
    const { historyId } = await assign('d', { plan: 'high', startsAt: inHours(1) });
    await end('d', { ...first, version: 2 });
    expect(await undo(historyId, { allowLowering: true })).toMatchObject({
      status: 409,
      body: { message: `The assignment before it, ${first.id}, was changed since.` },
    });
  });

  test('is protected by the approval limit of the role that undoes', async () => {
    const { assignment } = await assign('e', { plan: 'high' });
    const ended = await end('e', assignment);
    expect((await undo(ended, {}, desk.support)).status).toBe(403);
    expect((await undo(ended, {}, desk.viewer)).status).toBe(403);
    const trial = (await assign('f', { plan: 'high', endsAt: inHours(24) }))['assignment'];
    expect((await undo(await end('f', trial), {}, desk.support)).status).toBe(200);
    expect(await current('f')).toBe('high');
  });
});

test('the history stays one chain', async () => {
  expect((await desk.admin.get(path('history/verify'))).body).toMatchObject({ ok: true });
});
