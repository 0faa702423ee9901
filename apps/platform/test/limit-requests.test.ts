/** A denied customer requests a higher limit by the API and by the support link, and reads the answer. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPlatform, type TestPlatform } from './start-platform.js';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.stop());

const PATH = '/api/public/limit-requests';

async function deniedLink(account: string, bot = 'b-1'): Promise<string> {
  const publish = () => platform.call('POST', `/api/public/bots/${bot}/publish`, { account });
  const answers = await Promise.all(Array.from({ length: 61 }, publish));
  const denied = answers.find(({ status }) => status === 429);
  return String(denied?.body['support']);
}
const tokenOf = (link: string) => String(new URL(link).searchParams.get('denial'));
const decide = (id: string, approve: boolean, changes: object, answer: string) =>
  platform.database.pool.query(
    `SELECT (changed).* FROM rollgate.decide_request($1, NULL, $2, $3, $4, ROW('staff:ann', 'support', NULL, NULL)::rollgate.author)`,
    [id, approve, JSON.stringify(changes), answer],
  );

test('the support link opens a form that is filled in, and sends a request that refers to the denial', async () => {
  const link = await deniedLink('form-co');
  const page = await fetch(link);
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  expect(html).toContain('publish-bot, bot b-1');
  expect(html).toMatch(/name="perMinute"[^>]*value="120"/);

  const send = (fields: Record<string, string>) =>
    fetch(link, { method: 'POST', body: new URLSearchParams({ denial: tokenOf(link), ...fields }) });
  const wrong = await send({ perMinute: 'many', reason: '<script>alert(1)</script>' });
  expect(wrong.status).toBe(400);
  const again = await wrong.text();
  expect(again).not.toContain('<script>');
  expect(again).toContain('&#60;script&#62;');

  const sent = await send({ perMinute: '300', perHour: '', until: '2999-01-31', reason: 'We launch on Monday.' });
  expect(sent.status).toBe(201);
  const { rows } = await platform.database.pool.query(`SELECT * FROM rollgate.limit_request WHERE account = 'form-co'`);
  expect(rows[0]).toMatchObject({
    api: 'publish-bot',
    subject: 'form-co/publish-bot/bot=b-1',
    per_minute: 300,
    per_hour: null,
    until: new Date('2999-01-31T23:59:59Z'),
    reason: 'We launch on Monday.',
    asked_by: 'account:form-co',
    state: 'open',
    denial: { window: 'minute', perMinute: 60 },
  });

  expect(await (await fetch(link)).text()).toContain('Support has your request');
  await decide(
    rows[0].id,
    true,
    { per_minute: 200, expires_at: new Date(Date.now() + 3_600_000).toISOString() },
    'For the launch.',
  );
  const answered = await (await fetch(link)).text();
  expect(answered).toContain('Approved: 200 in any 60 seconds');
  expect(answered).toContain('For the launch.');
});

test('by the API: creates and lists requests and reads the answer; another account sees none of it', async () => {
  const asked = await platform.call('POST', PATH, {
    account: 'api-co',
    body: { api: 'publish-bot', perMinute: 100, reason: 'More bots.' },
  });
  expect([asked.status, asked.body]).toEqual([
    201,
    expect.objectContaining({ state: 'open', account: 'api-co', api: 'publish-bot', perMinute: 100, perHour: null }),
  ]);
  const id = String(asked.body['id']);
  await decide(id, false, {}, 'Please spread the calls.');
  const read = await platform.call('GET', `${PATH}/${id}`, { account: 'api-co' });
  expect(read.body).toMatchObject({ state: 'declined', answer: 'Please spread the calls.', granted: null });
  expect((await platform.call('GET', PATH, { account: 'api-co' })).body).toMatchObject({ items: [{ id }] });
  expect((await platform.call('GET', `${PATH}/${id}`, { account: 'other-co' })).status).toBe(404);
  expect((await platform.call('GET', PATH, { account: 'other-co' })).body).toEqual({ items: [] });
});

test('with the token of the denial, the request needs no description of the denied call', async () => {
  const denial = tokenOf(await deniedLink('token-co', 'b-2'));
  const ask = (account: string) =>
    platform.call('POST', PATH, { account, body: { denial, perMinute: 100, reason: 'x' } });
  expect((await ask('thief-co')).status).toBe(403);
  expect((await ask('token-co')).body).toMatchObject({ api: 'publish-bot', dimensions: { bot: 'b-2' } });
  expect((await ask('token-co')).status).toBe(409);
});

test.each<[string, object | string, number]>([
  ['no limit', { api: 'publish-bot', reason: 'x' }, 400],
  ['no reason', { api: 'publish-bot', perMinute: 1 }, 400],
  ['an unknown field', { api: 'publish-bot', perMinute: 1, reason: 'x', state: 'approved' }, 400],
  ['below zero', { api: 'publish-bot', perMinute: -1, reason: 'x' }, 400],
  ['an unknown API', { api: 'no-such', perMinute: 1, reason: 'x' }, 404],
  ['in the past', { api: 'publish-bot', perMinute: 1, reason: 'x', until: '2001-01-01T00:00:00Z' }, 422],
  ['a forged token', { denial: 'e30.AAAA', perMinute: 1, reason: 'x' }, 400],
  ['dimensions of another level', { api: 'publish-bot', dimensions: { table: 't' }, perMinute: 1, reason: 'x' }, 400],
  ['no JSON', '{', 400],
])('refused: %s', async (_, body, status) => {
  const answer = await platform.call('POST', PATH, { account: 'bad-co', body });
  expect([answer.status, answer.body]).toEqual([
    status,
    expect.objectContaining({ status, message: expect.any(String) }),
  ]);
});

test('only the support page accepts a form; calls without a token or a link are rejected', async () => {
  const form = { method: 'POST', body: new URLSearchParams({ perMinute: '1' }) };
  expect((await fetch(`${platform.platform.url}${PATH}`, form)).status).toBe(415);
  expect((await platform.call('GET', PATH, { account: null })).status).toBe(401);
  expect((await fetch(`${platform.platform.url}/support/limit-requests`)).status).toBe(400);
  expect((await fetch(`${platform.platform.url}/support/limit-requests?denial=a.b`)).status).toBe(400);
});
