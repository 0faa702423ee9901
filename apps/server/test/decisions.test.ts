/** Decisions over HTTP with a service token. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Desk, openDesk } from './admin-traffic.js';

let desk: Desk;
let token = '';
beforeAll(async () => {
  desk = await openDesk();
  token = await tokenWith(['decisions.write']);
});
afterAll(() => desk?.close());

async function tokenWith(permissions: string[]): Promise<string> {
  const made = await desk.admin.post('/admin/api/tokens', { name: `t-${permissions.join()}`, permissions });
  expect(made.status).toBe(201);
  return String((made.body as { secret?: string }).secret);
}

const ask = (body: unknown, bearer = token) =>
  desk.service.call('/api/decisions', {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('decisions share counts with the platform’s instances, and a denial is a response with the usual message for callers', async () => {
  const request = { account: 'http-co', api: 'publish-bot', dimensions: { bot: 'b-1' } };
  await Promise.all(Array.from({ length: 59 }, () => desk.limiter.acquire(request)));
  expect((await ask(request)).body).toMatchObject({ allowed: true, windows: { minute: { used: 60 } }, message: null });
  const denied = await ask(request);
  expect([denied.status, denied.body]).toEqual([
    200,
    expect.objectContaining({
      allowed: false,
      deniedBy: 'minute',
      message: 'Rate limit for this API has been reached. Please try again after some time.',
    }),
  ]);
});

test.each<[string, unknown, number]>([
  ['no account', { api: 'publish-bot', dimensions: { bot: 'b' } }, 400],
  ['a blank account', { account: ' ', api: 'publish-bot', dimensions: { bot: 'b' } }, 400],
  ['an array', { account: 'a', api: 'publish-bot', dimensions: { bot: ['b'] } }, 400],
  ['NUL', { account: 'a', api: 'publish-bot', dimensions: { bot: 'b\u0000' } }, 400],
  ['a lone surrogate', { account: '\ud800', api: 'publish-bot' }, 400],
  ['300 bytes', { account: 'a'.repeat(300), api: 'publish-bot' }, 400],
  ['cost 0', { account: 'a', api: 'publish-bot', cost: 0 }, 400],
  ['cost 1.5', { account: 'a', api: 'publish-bot', cost: 1.5 }, 400],
  ['cost 2^31', { account: 'a', api: 'publish-bot', cost: 2 ** 31 }, 400],
  ['cost as text', { account: 'a', api: 'publish-bot', cost: '1' }, 400],
  ['a cost above the limit', { account: 'a', api: 'publish-bot', dimensions: { bot: 'b' }, cost: 61 }, 422],
  ['an unknown API', { account: 'a', api: 'publish-bott' }, 404],
  ['the service’s own limits', { account: 'a', api: 'staff-sign-in' }, 404],
  ['__proto__', '{"account":"a","api":"publish-bot","__proto__":{"cost":5}}', 400],
  ['an unknown field', { account: 'a', api: 'publish-bot', colour: 'red' }, 400],
  ['no JSON', '{"account":', 400],
  ['more than 64 kB', { account: 'a', api: 'publish-bot', dimensions: { bot: 'b'.repeat(70_000) } }, 413],
])('a decision request is refused: %s', async (_, body, status) => {
  const answer = await ask(body);
  expect([answer.status, answer.body]).toEqual([
    status,
    expect.objectContaining({ status, message: expect.any(String) }),
  ]);
});

test('an unknown API or dimension is refused with suggestions of similar names', async () => {
  const misspelled = await ask({ account: 'a', api: 'publish-bott', dimensions: { bot: 'b' } });
  expect(misspelled.body).toMatchObject({
    message: 'There is no API "publish-bott", did you mean "publish-bot"?',
    nearest: ['publish-bot'],
  });
  expect((await ask({ account: 'a', api: 'staff-sign-inn' })).body['nearest']).toEqual([]);
  const bott = await ask({ account: 'a', api: 'publish-bot', dimensions: { bott: 'b' } });
  expect([bott.status, bott.body]).toEqual([
    400,
    expect.objectContaining({
      message: expect.stringContaining('did you mean "bot"?'),
      errors: [{ field: 'dimensions.bott', message: expect.stringContaining('is no dimension of "publish-bot"') }],
      nearest: ['bot'],
    }),
  ]);
});

test('a call without a dimension counts in the shared subject, and this is logged once', async () => {
  const warned = () => desk.service.log.filter(({ dimension }) => dimension === 'table');
  const request = { account: 'shared-co', api: 'insert-data' };
  expect((await ask(request)).body).toMatchObject({ subject: 'shared-co/insert-data/table=*' });
  await ask(request);
  expect(warned()).toEqual([expect.objectContaining({ api: 'insert-data', level: 40 })]);
});

test('decisions need a token with the permission', async () => {
  const body = { account: 'a', api: 'publish-bot', dimensions: { bot: 'b' } };
  expect((await ask(body, 'rgt_nonsense')).status).toBe(401);
  expect((await ask(body, await tokenWith(['accounts.read']))).status).toBe(403);
});
