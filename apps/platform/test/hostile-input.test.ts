/** Bad input is rejected with a reason before any query of the database, and does not affect other calls. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logStatements, ODD_TEXTS, REFUSED_TEXTS, SAME_TEXTS, type StatementLog } from '@rollgate/limiter/testing';
import { SignJWT } from 'jose';
import { signToken } from '../src/auth/tokens.js';
import { requestText, sendRaw } from './raw-http.js';
import { SECRET, startPlatform, type TestPlatform } from './start-platform.js';

let it: TestPlatform;
let log: StatementLog;
const tokens = new Map<string, string>();
beforeAll(async () => {
  log = logStatements();
  it = await startPlatform();
  for (const account of ['acme', 'mallory', 'good-co'])
    tokens.set(account, await signToken({ secret: SECRET, account, expiresInSeconds: 3600 }));
  // The first call of an account caches its owners.
  await good();
  await it.call('GET', '/api/public/bots/acmes/faqs');
  await it.call('GET', '/api/public/roles', { account: 'mallory' });
});
afterAll(async () => {
  log.stop();
  await it.stop();
});

const bearer = (account: string) => ({ authorization: `Bearer ${tokens.get(account)}` });
const good = () => it.call('GET', '/api/public/bots/good/faqs', { account: 'good-co' });
const usageOf = async (account: string, subject: RegExp): Promise<number[]> => {
  const { body } = await it.call('GET', '/api/public/rate-limits?limit=100', { account });
  const items = body['items'] as { subject: string; windows: { minute: { used: number } } }[];
  return items.filter((item) => subject.test(item.subject)).map(({ windows }) => windows.minute.used);
};

/** Statements that an instance sends in the background. */
const BACKGROUND = /rollgate\.(sync_instance|freed_since|write_events|report_use|register_catalogue)/;
const sentSince = (since: number) => log.statements.slice(since).filter((text) => !BACKGROUND.test(text));

type Case = readonly [what: string, status: number, request: Partial<Parameters<typeof requestText>[0]>];
const FAQS = '/api/public/bots/acmes/faqs';
const ROWS = '/api/public/tables/acmes/rows';
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  path: ROWS,
  headers: { ...bearer('acme'), ...JSON_TYPE, ...headers },
  body,
});
const get = (path: string, headers: Record<string, string> = bearer('acme')) => ({ path, headers });
const signed = (claims: Record<string, unknown>, { secret = SECRET, alg = 'HS256' } = {}) =>
  new SignJWT({ iss: 'rollgate-platform', account: 'acme', exp: Math.floor(Date.now() / 1000) + 60, ...claims })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(secret));
const unsigned = (header: object) =>
  `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${tokens.get('acme')?.split('.')[1]}.`;
const byToken = (token: string) => get(FAQS, { authorization: `Bearer ${token}` });

async function cases(): Promise<Case[]> {
  return [...subjectCases(), ...pathCases(), ...(await tokenCases()), ...bodyCases(), ...headerCases()];
}

function subjectCases(): Case[] {
  return REFUSED_TEXTS.filter(([, text]) => text.isWellFormed() && text !== '').map(
    ([what, text]): Case => [
      `a bot of ${what}`,
      text.length > 4096 ? 414 : 400,
      get(`/api/public/bots/${encodeURIComponent(text)}/faqs`),
    ],
  );
}

function pathCases(): Case[] {
  return [
    ['no bot', 404, get('/api/public/bots//faqs')],
    ['a lone surrogate as CESU-8', 400, get('/api/public/bots/%ED%A0%80/faqs')],
    ['bytes that are not UTF-8', 400, get('/api/public/bots/%FF/faqs')],
    ['an overlong slash', 400, get('/api/public/bots/%C0%AF/faqs')],
    ['half an escape', 400, get('/api/public/bots/%4/faqs')],
    ['NUL in the path', 400, get('/api/public/bots/a%00/faqs')],
    ['another case', 404, get('/api/public/Bots/acmes/faqs')],
    ['a doubled slash', 404, get('/api/public//bots/acmes/faqs')],
    ['two slashes at the start', 404, get(`/${FAQS}`)],
    ['a slash at the end', 404, get(`${FAQS}/`)],
    ['an encoded slash', 404, get('/api/public/bots/acmes%2Ffaqs')],
    ['a segment with ;', 404, get(`${FAQS};x=1`)],
    ['dots', 404, get('/api/public/bots/acmes/../acmes/faqs')],
    ['encoded dots', 404, get('/api/public/bots/acmes/%2e%2e/acmes/faqs')],
    ['a blank at the end', 404, get(`${FAQS}%20`)],
    ['no such method', 404, { method: 'PATCH', path: FAQS, headers: bearer('acme') }],
  ];
}

async function tokenCases(): Promise<Case[]> {
  return [
    ['no token', 401, get(FAQS, {})],
    ['another authentication scheme', 401, get(FAQS, { authorization: `Basic ${tokens.get('acme')}` })],
    ['alg none', 401, byToken(unsigned({ alg: 'none' }))],
    ['alg none with an invented signature', 401, byToken(`${unsigned({ alg: 'none' })}AAAA`)],
    ['alg in another case', 401, byToken(unsigned({ alg: 'NoNe' }))],
    ['a key in the token', 401, byToken(unsigned({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }))],
    ['a wrong key', 401, byToken(await signed({}, { secret: `${SECRET}!` }))],
    ['another algorithm', 401, byToken(await signed({}, { alg: 'HS384' }))],
    ['expired', 401, byToken(await signed({ exp: Math.floor(Date.now() / 1000) - 1 }))],
    ['an account with NUL', 401, byToken(await signed({ account: 'ac\0me' }))],
    ['an account that is a list', 401, byToken(await signed({ account: ['acme'] }))],
    ['an account that is an object', 401, byToken(await signed({ account: { id: 'acme' } }))],
    ['a blank account', 401, byToken(await signed({ account: '\u00a0' }))],
    ['another account’s bot', 403, get(FAQS, bearer('mallory'))],
    ['another account’s bot, forged headers', 403, get(FAQS, { ...bearer('mallory'), 'x-account': 'acme' })],
  ];
}

function bodyCases(): Case[] {
  return [
    ['invalid JSON', 400, post('{"data":')],
    ['an empty body', 400, post(' ')],
    ['a name twice', 400, post('{"data":{"a":1},"data":{"a":2}}')],
    ['a name twice, once escaped', 400, post('{"data":{"a":1,"\\u0061":2}}')],
    ['__proto__', 400, post('{"data":{"__proto__":{"admin":true}}}')],
    ['a constructor’s prototype', 400, post('{"data":{"constructor":{"prototype":{"admin":true}}}}')],
    ['10,000 levels', 400, post(`{"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['64 kB and more', 413, post(JSON.stringify({ data: { a: 'a'.repeat(65_536) } }))],
    ['a gzip body', 415, post('\u001f\u008b', { 'content-encoding': 'gzip' })],
    ['two content encodings', 415, post('x', { 'content-encoding': 'gzip, br' })],
    ['UTF-16', 400, post('{\0}\0', { 'content-type': 'application/json; charset=utf-16' })],
    ['a form', 415, post('data=1', { 'content-type': 'application/x-www-form-urlencoded' })],
    ['XML', 415, post('<data/>', { 'content-type': 'application/xml' })],
    ['no type', 415, post('{}', { 'content-type': '' })],
  ];
}

function headerCases(): Case[] {
  return [
    ['two lengths', 400, { ...post('{}', { 'content-length': '2\r\ncontent-length: 3' }) }],
    ['a length and chunks', 400, { ...post('0\r\n\r\n', { 'transfer-encoding': 'chunked' }) }],
    ['a header folded into two', 400, get(FAQS, { ...bearer('acme'), 'x-a': 'b\r\n c' })],
    ['a header with NUL', 400, get(FAQS, { ...bearer('acme'), 'x-a': 'a\0b' })],
    ['headers of 20 kB', 431, get(FAQS, { ...bearer('acme'), 'x-a': 'a'.repeat(20_000) })],
  ];
}

test('each is rejected before a statement or a count; a good call counts once', async () => {
  const table = await cases();
  expect(table.length).toBeGreaterThanOrEqual(55);
  const [before = 0] = await usageOf('good-co', /faqs/);
  const quota = await usageOf('acme', /./);
  for (const [what, status, request] of table) {
    const since = log.statements.length;
    const answers = await sendRaw(it.platform.url, requestText({ path: FAQS, ...request }));
    expect([what, answers.map((answer) => answer.status)]).toEqual([what, [status]]);
    const head = answers[0]?.head ?? '';
    // The server's parser rejects invalid HTTP with plain JSON. All other requests are answered with a problem.
    expect([what, head]).toEqual([what, expect.stringMatching(/^content-type: application\/(problem\+)?json/im)]);
    expect([what, JSON.parse(answers[0]?.body ?? '')]).toEqual([
      what,
      expect.objectContaining({ message: expect.stringMatching(/\S/) }),
    ]);
    expect([what, head]).toEqual([what, expect.not.stringMatching(/^ratelimit/im)]);
    expect([what, sentSince(since)]).toEqual([what, []]);
    expect([what, (await good()).status]).toEqual([what, 200]);
  }
  expect(await usageOf('good-co', /faqs/)).toEqual([before + table.length]);
  // No unit of acme was spent.
  expect(await usageOf('acme', /./)).toEqual(quota);
}, 60_000);

test('the statement log contains the statements of a good call', async () => {
  const since = log.statements.length;
  await good();
  expect(sentSince(since).some((text) => /acquire/.test(text))).toBe(true);
});

test.each(SAME_TEXTS)('%s: one bot, one subject', async (what, one, other) => {
  const account = `same ${what}`;
  for (const bot of [one, other, one])
    expect(
      (await it.call('GET', `/api/public/bots/${encodeURIComponent(`same ${bot}`)}/faqs`, { account })).status,
    ).toBe(200);
  expect(await usageOf(account, /get-faqs/)).toEqual([3]);
});

test('unusual names are valid: each is counted separately, and none reaches a header', async () => {
  for (const text of ODD_TEXTS) {
    const bot = text === '..' ? '...' : text;
    const { status, headers } = await it.call('GET', `/api/public/bots/${encodeURIComponent(bot)}/faqs`, {
      account: 'odd-co',
    });
    expect([bot, status, headers.get('set-cookie')]).toEqual([bot, 200, null]);
  }
  expect(await usageOf('odd-co', /get-faqs/)).toEqual(ODD_TEXTS.map(() => 1));
  const { rows } = await it.database.pool.query(`SELECT count(*)::int AS n FROM rollgate.counter`);
  expect(rows[0].n).toBeGreaterThan(ODD_TEXTS.length);
});

test.each(['/api/public/bots/spell/faqs', '/api/public/bots/%73pell/faqs', '/api/public/bots/spell/faqs?limit=5'])(
  '%s is the same subject in every form',
  async (path) => {
    expect((await it.call('GET', path, { account: 'spell-co' })).status).toBe(200);
    const used = await usageOf('spell-co', /get-faqs/);
    expect(used).toHaveLength(1);
  },
);

test('the origin that a call claims changes nothing', async () => {
  const forged = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4', 'x-real-ip': '1.2.3.4' };
  const account = 'forger';
  for (let i = 0; i < 3; i++) {
    const headers = { ...forged, 'x-forwarded-for': `::ffff:1.2.3.${i}`, 'x-forwarded-host': 'evil.example' };
    await it.call('GET', '/api/public/roles', { account, headers });
  }
  expect(await usageOf(account, /get-roles/)).toEqual([3]);
});
