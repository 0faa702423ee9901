/** Requests that the decision API and the admin API refuse, each before any query except the one for the caller. */
import { gzipSync } from 'node:zlib';
import { REFUSED_TEXTS } from '@rollgate/limiter/testing';
import { inHours } from './admin-traffic.js';

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}
/** The caller whose token and cookie are sent with the requests. */
export const caller = { token: '', cookie: '' };

const JSON_TYPE = { 'content-type': 'application/json' };
const bearer = () => ({ authorization: `Bearer ${caller.token}`, ...JSON_TYPE });
const staff = (more: Record<string, string> = {}) => ({
  cookie: caller.cookie,
  'x-rollgate-request': '1',
  'sec-fetch-site': 'same-origin',
  ...JSON_TYPE,
  ...more,
});
export const GOOD = { account: 'good-co', api: 'publish-bot', dimensions: { bot: 'good' } };
export const decide = (body: unknown, headers: Record<string, string> = {}): Sent => ({
  headers: { ...bearer(), ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
});
const change = (path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST'): Sent => ({
  method,
  path: `/admin/api/${path}`,
  headers: staff(headers),
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
export const look = (path: string, headers = staff()): Sent => ({ method: 'GET', path: `/admin/api/${path}`, headers });
const override = (spec: Record<string, unknown>): Sent =>
  change('overrides', {
    account: 'bad-co',
    api: 'publish-bot',
    perMinute: 5,
    reason: 'r',
    expiresAt: inHours(1),
    ...spec,
  });

export type Case = readonly [what: string, status: number, sent: Sent];

export const decisions = (): Case[] => [
  ...REFUSED_TEXTS.map(([what, text]): Case => [`an account of ${what}`, 400, decide({ ...GOOD, account: text })]),
  ...REFUSED_TEXTS.map(
    ([what, text]): Case => [`a bot of ${what}`, 400, decide({ ...GOOD, dimensions: { bot: text } })],
  ),
  ...[['b'], { id: 'b' }, 1, true, null].map(
    (bot): Case => [`a bot of ${JSON.stringify(bot)}`, 400, decide({ ...GOOD, dimensions: { bot } })],
  ),
  ...[0, -1, 1.5, 2 ** 31, 1e12, '1', null, [1]].map(
    (cost): Case => [`cost ${JSON.stringify(cost)}`, 400, decide({ ...GOOD, cost })],
  ),
  ['cost NaN', 400, decide('{"account":"a","api":"publish-bot","cost":NaN}')],
  ['cost 1e999', 400, decide('{"account":"a","api":"publish-bot","cost":1e999}')],
  ['a cost above the limit', 422, decide({ ...GOOD, cost: 61 })],
  ['an unknown API', 404, decide({ ...GOOD, api: 'constructor' })],
  ['an API of SQL', 404, decide({ ...GOOD, api: "'; SELECT 1; --" })],
  ['the service’s own door', 404, decide({ account: '_rollgate', api: 'staff-sign-in' })],
  ['dimensions that are a list', 400, decide({ ...GOOD, dimensions: ['b'] })],
  ['__proto__ of the whole', 400, decide('{"account":"a","api":"publish-bot","__proto__":{"cost":5}}')],
  ['__proto__ of the dimensions', 400, decide('{"account":"a","api":"publish-bot","dimensions":{"__proto__":"b"}}')],
  ['an account twice', 400, decide('{"account":"a","account":"good-co","api":"publish-bot"}')],
  ['a bot twice', 400, decide('{"account":"a","api":"publish-bot","dimensions":{"bot":"a","\\u0062ot":"b"}}')],
  ['an unknown field', 400, decide({ ...GOOD, limit: 1_000 })],
  ['10,000 levels', 400, decide(`{"account":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
  ['no JSON', 400, decide('{"account":')],
  ['a bare text', 400, decide('"acme"')],
  ['no body', 400, { headers: bearer() }],
  ['a form', 400, decide('account=a', { 'content-type': 'application/x-www-form-urlencoded' })],
  ['more than 64 kB', 413, decide({ ...GOOD, route: 'r'.repeat(70_000) })],
  ['gzip', 415, decide(new Uint8Array(gzipSync(JSON.stringify(GOOD))), { 'content-encoding': 'gzip' })],
  ['a bomb', 415, decide(new Uint8Array(gzipSync(' '.repeat(5_000_000))), { 'content-encoding': 'gzip' })],
  [
    'UTF-16',
    415,
    decide(new Uint8Array(Buffer.from('{}', 'utf16le')), { 'content-type': 'application/json; charset=utf-16' }),
  ],
  ['bytes that are no UTF-8', 400, decide(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))],
  ['no token', 401, { ...decide(GOOD), headers: JSON_TYPE }],
  ['an invented token', 401, decide(GOOD, { authorization: `Bearer rgt_${'A'.repeat(43)}` })],
  ['SQL as a token', 401, decide(GOOD, { authorization: "Bearer ' OR 1=1; --" })],
  ['other letters', 404, { ...decide(GOOD), path: '/api/Decisions' }],
  ['a slash after', 404, { ...decide(GOOD), path: '/api/decisions/' }],
  ['two slashes', 404, { ...decide(GOOD), path: '//api/decisions' }],
  ['a slash in disguise', 404, { ...decide(GOOD), path: '/api%2fdecisions' }],
  ['a path with ;', 404, { ...decide(GOOD), path: '/api/decisions;x=1' }],
  ['dots', 404, { ...decide(GOOD), path: '/api/x/../decisions' }],
  ['no such method', 404, { ...decide(GOOD), method: 'PUT' }],
];

export const admin = (): Case[] => [
  ['a limit of −1', 400, override({ perMinute: -1 })],
  ['a limit of 10^12', 400, override({ perMinute: 1e12 })],
  ['a limit of 1.5', 400, override({ perHour: 1.5 })],
  ['a limit that is text', 400, override({ perMinute: '5' })],
  ['no reason', 400, override({ reason: undefined })],
  ['a blank reason', 400, override({ reason: ' \u00a0' })],
  ['a reason without end', 400, override({ reason: 'r'.repeat(2_001) })],
  ['no limit at all', 400, override({ perMinute: undefined })],
  ['an end that is no time', 400, override({ expiresAt: 'tomorrow' })],
  ['an end without a zone', 400, override({ expiresAt: '2030-01-01T00:00:00' })],
  ['a limit for an API and a group', 422, override({ group: 'bot-definition' })],
  ['an unknown API', 404, override({ api: '__proto__', dimensions: { bot: 'b' } })],
  ['dimensions of another level', 422, override({ dimensions: { table: 't' } })],
  ['dimensions without an API', 422, override({ api: undefined, dimensions: { bot: 'b' } })],
  ...REFUSED_TEXTS.map(([what, text]): Case => [`an account of ${what}`, 400, override({ account: text })]),
  ['an account twice', 400, change('overrides', '{"account":"a","account":"b","perMinute":1,"reason":"r"}')],
  ['__proto__', 400, change('overrides', '{"account":"a","perMinute":1,"reason":"r","__proto__":{"mode":"shadow"}}')],
  ['a change without its version', 428, change('overrides/ovr_1', { reason: 'r' }, {}, 'PATCH')],
  ['any version', 400, change('overrides/ovr_1', { reason: 'r' }, { 'if-match': '*' }, 'PATCH')],
  ['a version of SQL', 400, change('overrides/ovr_1', { reason: 'r' }, { 'if-match': '"1"; DROP' }, 'PATCH')],
  ['NUL in an id', 400, look('overrides/a%00')],
  ['an id of 10 kB', 400, look(`overrides/${'a'.repeat(10_240)}`)],
  ['an unknown page', 400, look('overrides?after=%22%7B')],
  ['a page of another list', 400, look(`overrides?after=${Buffer.from('["x; DROP"]').toString('base64url')}`)],
  ['a page of 501', 400, look('overrides?limit=501')],
  ['a page of SQL', 400, look('overrides?limit=1;DROP TABLE rollgate.override'.replaceAll(' ', '%20'))],
  ['a filter twice', 400, look('overrides?account=a&account=b')],
  ['a filter that is an object', 400, look('overrides?account[$ne]=a')],
  ['an unknown filter', 400, look('overrides?order_by=1')],
  ['a search of NUL', 400, look('accounts?q=%00')],
  ['nobody', 401, look('overrides', { ...JSON_TYPE } as never)],
  ['an invented session', 401, look('overrides', staff({ cookie: `rollgate-session=${'A'.repeat(43)}` }))],
  ['another site', 403, change('overrides', {}, { 'sec-fetch-site': 'cross-site' })],
  ['another origin', 403, change('overrides', {}, { origin: 'https://evil.example' })],
  [
    'a form of another site',
    403,
    change('overrides', 'account=a', { 'content-type': 'text/plain', 'x-rollgate-request': '' }),
  ],
  ['a method in disguise', 404, { ...change('overrides/ovr_1', {}, { 'x-http-method-override': 'DELETE' }) }],
];
