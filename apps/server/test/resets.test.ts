/** Staff empty the windows of a denied customer, over HTTP and on the command line, and a running limiter allows its calls again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { calls, type Desk, openDesk } from './admin-traffic.js';
import { AUTHOR, type Browser } from './browser.js';
import { rollgateHere } from './run-rollgate.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const api = 'publish-bot';
const reason = 'Their test ran wild.';
const reset = async (account: string, body: Json, by: Browser = desk.support) =>
  await by.post(`/admin/api/accounts/${account}/reset`, { api, reason, ...body });
/** Spends the whole minute of two bots. */
async function spend(account: string): Promise<void> {
  for (const bot of ['b-1', 'b-2']) expect(await calls(desk.limiter, 62, { account, bot })).toBe(60);
}
const allowedAgain = (account: string, bot: string) =>
  until(() => calls(desk.limiter, 1, { account, bot }), {
    what: 'the limiter that remembered the denial allows a call',
    accept: (allowed) => allowed === 1,
  });

test('one subject: a running limiter allows its calls again, not those of another one, and the history says why', async () => {
  await spend('wild');
  const { status, body } = await reset('wild', { dimensions: { bot: 'b-1' }, ticket: 'SUP-7' });
  const { historyId, ...done } = body as Json;
  expect([status, done]).toEqual([
    200,
    { account: 'wild', api, dimensions: { bot: 'b-1' }, subjects: 1, minuteUsed: 60, hourUsed: 60 },
  ]);
  await allowedAgain('wild', 'b-1');
  expect(await calls(desk.limiter, 1, { account: 'wild', bot: 'b-2' })).toBe(0);
  const history = (await desk.viewer.get('/admin/api/history?account=wild&kind=reset')).body as Json;
  expect(history['items']).toMatchObject([
    {
      ...{ id: historyId, kind: 'reset', action: 'reset', target: 'wild/publish-bot/bot=b-1', reason, ticket: 'SUP-7' },
      ...{ role: 'support', before: null, after: { api, subjects: 1, minuteUsed: 60, hourUsed: 60 } },
    },
  ]);
  const undo = await desk.support.post(`/admin/api/history/${historyId}/undo`, { reason: 'x' });
  expect(undo).toMatchObject({ status: 422, body: { message: "This kind of change can't be undone." } });
});

test('every subject of an API is reset at once, on the command line too', async () => {
  await spend('wide');
  expect((await reset('wide', {})).body).toMatchObject({ subjects: 2, minuteUsed: 120, dimensions: null });
  await allowedAgain('wide', 'b-2');
  await calls(desk.limiter, 70, { account: 'wide', bot: 'b-1' });
  const line = (...more: string[]) =>
    rollgateHere(['limit', 'reset', 'wide', '--api', api, '--reason', reason, ...more], desk.database.url);
  const one = await line('--subject', 'bot=b-1');
  expect([one.code, one.stderr]).toEqual([0, '']);
  expect(one.stdout).toBe(
    'Reset the windows of 1 subject of publish-bot for wide: 60 units in 60 s and 60 in an hour are forgiven.\n',
  );
  expect(await line('--subject', 'bot=b-1')).toMatchObject({
    code: 1,
    stderr: 'rollgate: No units count in the windows of wide/publish-bot/bot=b-1.\n',
  });
  expect(JSON.parse((await line('--json')).stdout)).toMatchObject({ subjects: 1, minuteUsed: 1 });
});

test.each<[number, Json]>([
  [404, { dimensions: { bot: 'unknown' } }],
  [404, { api: 'no-such-api' }],
  [404, { api: 'no-such-api', dimensions: { bot: 'b-1' } }],
  [404, { api: 'get-bots' }],
  [422, { dimensions: { table: 't' } }],
  [400, { reason: '' }],
  [400, { reason: undefined }],
  [400, { api: undefined }],
  [400, { everything: true }],
])('%s for %p', async (status, body) => {
  expect((await reset('wild', body)).status).toBe(status);
});

test('viewers, auditors and tokens without the permission may not reset windows, and nothing changes', async () => {
  await spend('kept');
  for (const by of [desk.viewer, desk.auditor]) expect((await reset('kept', {}, by)).status).toBe(403);
  const tokens = desk.service.server.app.get(ServiceTokens, { strict: false });
  const asToken = async (name: string, permissions: ('overrides.write' | 'windows.reset')[]) => {
    const { secret } = await tokens.create({ name, permissions, role: 'support', expiresAt: null }, AUTHOR);
    return await desk.service.call('/admin/api/accounts/kept/reset', {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ api, reason }),
    });
  };
  expect((await asToken('t-1', ['overrides.write'])).status).toBe(403);
  expect(await calls(desk.limiter, 1, { account: 'kept', bot: 'b-1' })).toBe(0);
  expect((await asToken('t-2', ['windows.reset'])).status).toBe(200);
  await allowedAgain('kept', 'b-1');
});
