/** `GET /admin/api/limits/which` explains which limit applies to a call. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Permission } from '../src/http/permissions.js';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { reasonOf } from '../src/usage/which/reasons.js';
import { CODES } from '../src/usage/which/which.schemas.js';
import { calls, type Desk, inHours, type Json, makeOverride, openDesk, path } from './admin-traffic.js';
import { AUTHOR } from './browser.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const ask = async (query: Record<string, string>) => {
  const { status, body } = await desk.viewer.get(path(`limits/which?${new URLSearchParams(query)}`));
  return { status, body: body as Json };
};
const BOT = { account: 'acme', api: 'publish-bot', dimensions: '{"bot":"b-1"}' };

test('without rules of its own, an account has the default, and its usage is read without spending', async () => {
  await calls(desk.limiter, 7, { account: 'plain-co' });
  const first = await ask({ ...BOT, account: 'plain-co' });
  expect(first.body).toMatchObject({
    applies: { source: 'default', perMinute: 60, perHour: 1800, mode: 'enforced' },
    subject: 'plain-co/publish-bot/bot=b-1',
    quarantine: null,
    windows: { minute: { used: 7, remaining: 53 }, hour: { used: 7, remaining: 1793 } },
    items: [{ kind: 'default', code: 'applies', setsMode: true, why: 'It sets the limits.' }],
    more: false,
  });
  expect((await ask({ ...BOT, account: 'plain-co' })).body['windows'].minute.used).toBe(7);
});

test('every rule is listed in ranking order with the reason why it does not apply', async () => {
  const older = await makeOverride(desk.support, { perMinute: 80 });
  const applying = await makeOverride(desk.support, { perMinute: 90 });
  const wide = await makeOverride(desk.admin, { api: null, factor: 3, perMinute: null });
  const other = await makeOverride(desk.support, { dimensions: { bot: 'b-2' }, perMinute: 70 });
  const later = await makeOverride(desk.support, { startsAt: inHours(2), expiresAt: inHours(3) });
  await desk.admin.post(path('plans'), { id: 'pro', limits: [{ factor: 2 }], reason: 'test' });
  await desk.admin.post(path('accounts/acme/plan'), { plan: 'pro', reason: 'test', allowLowering: true });
  const { body } = await ask({ ...BOT, plan: 'free' });
  expect(body['applies']).toMatchObject({ perMinute: 90, source: applying['id'] });
  expect(body['items'].map(({ source, code, than }: Json) => [source, code, than])).toEqual([
    [other['id'], 'other_subject', null],
    [later['id'], 'not_started', null],
    [applying['id'], 'applies', null],
    [older['id'], 'older', applying['id']],
    [wide['id'], 'less_specific', applying['id']],
    ['plan:pro', 'base', applying['id']],
    ['plan:free', 'assigned', 'plan:pro'],
    ['default', 'base', 'plan:pro'],
  ]);
  expect(body['items'][0]).toMatchObject({ dimensions: { bot: 'b-2' }, why: 'It is for another subject.' });
  expect(body['items'][3].why).toBe(`It is older than ${applying['id']}, which covers the same.`);
  expect(body['items'][6].why).toBe(
    'The account is assigned to the plan pro, which comes before the plan of the call.',
  );
  const ahead = await ask({ ...BOT, at: inHours(2.5) });
  expect(ahead.body['applies'].source).toBe(later['id']);
});

test('extra units are added to what applies without them', async () => {
  const custom = await makeOverride(desk.support, { account: 'extra-co', perMinute: 90 });
  const added = await makeOverride(desk.support, { account: 'extra-co', perMinute: null, extraHour: 500 });
  const { body } = await ask({ ...BOT, account: 'extra-co' });
  expect(body['applies']).toMatchObject({ perMinute: 90, perHour: 2300, source: added['id'] });
  expect(body['items'].map(({ source, code, than }: Json) => [source, code, than])).toEqual([
    [added['id'], 'applies', null],
    [custom['id'], 'base', added['id']],
    ['default', 'base', custom['id']],
  ]);
  expect(body['items'][0].sets).toMatchObject({ extraMinute: null, extraHour: 500 });
});

test('without dimensions, the answer is for a subject without an override of its own', async () => {
  const { body } = await ask({ account: 'acme', api: 'publish-bot' });
  expect(body).toMatchObject({ subject: null, windows: null });
  expect(body['items'][0].code).toBe('other_subject');
});

test('rules of a kind are listed only with the permission for that kind', async () => {
  const tokens = desk.service.server.app.get(ServiceTokens, { strict: false });
  const kinds = async (...permissions: Permission[]) => {
    const name = `which-${permissions.join('-')}`;
    const { secret } = await tokens.create({ name, permissions, role: 'support', expiresAt: null }, AUTHOR);
    const { body } = await desk.service.call(path(`limits/which?${new URLSearchParams(BOT)}`), {
      headers: { authorization: `Bearer ${secret}` },
    });
    return (body as Json)['items'].map(({ kind, code }: Json) => `${kind} ${code}`);
  };
  expect(await kinds('accounts.read')).toEqual(['override applies', 'default base']);
  expect(await kinds('accounts.read', 'plans.read')).toEqual(['override applies', 'plan base', 'default base']);
  expect(await kinds('accounts.read', 'overrides.read')).toContain('override older');
});

test('during a quarantine, half of the limits apply', async () => {
  await desk.database.pool.query(
    `INSERT INTO rollgate.quarantine (since, until, reason, noticed_by)
     VALUES (clock_timestamp() - interval '1 second', clock_timestamp() + interval '1 hour', 'a test', 'test')`,
  );
  const { body } = await ask({ ...BOT, account: 'plain-co' });
  expect(body['quarantine']).toMatchObject({ perMinute: 30, perHour: 900, reason: 'a test' });
  expect((await ask({ ...BOT, account: 'plain-co', at: inHours(3) })).body['quarantine']).toBeNull();
  await desk.database.pool.query('TRUNCATE rollgate.quarantine');
});

test.each<[number, Record<string, string>, string]>([
  [404, { ...BOT, api: 'nothing' }, 'There is no API "nothing".'],
  [404, { ...BOT, account: '_rollgate' }, 'is no account'],
  [422, { ...BOT, dimensions: '{"table":"t"}' }, 'publish-bot counts by bot'],
  [400, { ...BOT, dimensions: '["b"]' }, 'dimensions'],
  [400, { ...BOT, dimensions: '{"bot":"a","bot":"b"}' }, 'twice'],
  [400, { ...BOT, at: 'now' }, 'at: must be a time'],
])('%i for %j', async (status, query, message) => {
  const answer = await ask(query);
  expect([answer.status, answer.body['message']]).toEqual([status, expect.stringContaining(message)]);
});

test('every code has a sentence', () => {
  for (const code of CODES) {
    const why = reasonOf({ code, than: 'plan:pro', source: 'plan:free', startsAt: 'A', endsAt: 'B' });
    expect(why).toMatch(/^[A-Z].+\.$/);
    expect(why).not.toContain('plan:');
  }
});
