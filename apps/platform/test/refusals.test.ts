/** A refused call gets a problem that states the reason, never a 500; and each route has one path. */

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { RouteCatalogue } from '../src/catalogue/route-catalogue.js';
import { type CallOptions, startPlatform, type TestPlatform } from './start-platform.js';

let it: TestPlatform;
beforeAll(async () => {
  it = await startPlatform();
});
afterAll(() => it.stop());

const ROWS = '/api/public/tables/t/rows';
const nested = (depth: number) => `{"data":{"x":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

test.each<[what: string, status: number, method: string, path: string, options: CallOptions]>([
  ['no such path', 404, 'GET', '/api/public/nothing', {}],
  ['no such method', 404, 'PATCH', ROWS, { body: {} }],
  ['a path in another case', 404, 'GET', '/api/Public/tables/t/rows', {}],
  ['a doubled slash', 404, 'GET', '/api/public//tables/t/rows', {}],
  ['a slash at the end', 404, 'GET', `${ROWS}/`, {}],
  ['a URL that cannot be decoded', 400, 'GET', '/api/public/tables/%E0%A4%A/rows', {}],
  ['a URL that is not UTF-8', 400, 'GET', '/api/public/tables/%ED%A0%80/rows', {}],
  ['a very long ID', 414, 'GET', `/api/public/tables/${'a'.repeat(5000)}/rows`, {}],
  ['invalid JSON', 400, 'POST', ROWS, { body: '{"data":' }],
  [
    'another type',
    415,
    'POST',
    ROWS,
    { body: 'data=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  ['plain text', 415, 'POST', ROWS, { body: 'data', headers: { 'content-type': 'text/plain' } }],
  ['no body', 400, 'POST', ROWS, {}],
  ['a body too large', 413, 'POST', ROWS, { body: { data: { x: 'a'.repeat(65_536) } } }],
  ['a list', 400, 'POST', ROWS, { body: [] }],
  ['null', 400, 'POST', ROWS, { body: 'null' }],
  ['an unknown member', 400, 'POST', ROWS, { body: { data: {}, dada: 1 } }],
  ['NUL in a text', 400, 'POST', ROWS, { body: { data: { x: 'a\0b' } } }],
  ['NUL in a column name', 400, 'POST', ROWS, { body: { data: { 'a\0b': 1 } } }],
  ['half a character', 400, 'POST', ROWS, { body: '{"data":{"x":"\\ud800"}}' }],
  ['very deep nesting', 400, 'POST', ROWS, { body: nested(30_000) }],
  ['a prototype', 400, 'POST', ROWS, { body: '{"data":{"__proto__":{"x":1}}}' }],
  ['an invalid page', 400, 'GET', `${ROWS}?limit=-1`, {}],
  ['a page parameter given twice', 400, 'GET', `${ROWS}?limit=1&limit=2`, {}],
  ['NUL in a query', 400, 'GET', '/api/public/bots/b/batch-test-suites/export?suiteName=a%00', {}],
])('%s: %i', async (_what, status, method, path, options) => {
  const answer = await it.call(method, path, options);
  expect({ status: answer.status, message: answer.body['message'] }).toEqual({
    status,
    message: expect.stringMatching(/\S/),
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({ status, title: expect.any(String), type: 'about:blank' });
});

test('a row with unusual columns is stored unchanged', async () => {
  const data = { constructor: 'Ferrari', prototype: 1, 'a b': null, '%': '\\u0000', snow: '☃', '': 0 };
  const { '': _, ...accepted } = data;
  expect((await it.call('POST', '/api/public/tables/odd/rows', { body: { data } })).status).toBe(400);
  expect((await it.call('POST', '/api/public/tables/odd/rows', { body: { data: accepted } })).status).toBe(201);
  expect((await it.call('GET', '/api/public/tables/odd/rows')).body).toMatchObject({ rows: [{ data: accepted }] });
});

test('an internal error is a problem that reveals no internals', async () => {
  const log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await it.database.pool.query('ALTER TABLE platform.rows RENAME TO mislaid');
  const { status, body } = await it.call('GET', ROWS);
  await it.database.pool.query('ALTER TABLE platform.mislaid RENAME TO rows');
  log.mockRestore();
  expect(body).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    message: expect.any(String),
  });
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain('platform.rows');
});

test('every route is limited by one API, or is one of the few that are open, show limits or accept limit requests', () => {
  const routes = it.platform.app.get(RouteCatalogue).routes();
  const unlimited = routes
    .filter(({ api }) => api === undefined)
    .map(({ method, path, open }) => ({ method, path, open }));
  expect(unlimited).toEqual([
    { method: 'GET', path: '/catalogue', open: true },
    { method: 'GET', path: '/healthz', open: true },
    { method: 'GET', path: '/readyz', open: true },
    { method: 'GET', path: '/api/public/rate-limits', open: false },
    { method: 'POST', path: '/api/public/limit-requests', open: false },
    { method: 'GET', path: '/api/public/limit-requests', open: false },
    { method: 'GET', path: '/api/public/limit-requests/:id', open: false },
    { method: 'GET', path: '/support/limit-requests', open: true },
    { method: 'POST', path: '/support/limit-requests', open: true },
  ]);
  const limited = routes.filter(({ api }) => api !== undefined);
  expect(limited.filter(({ open }) => open)).toEqual([]);
  expect(limited.map(({ api }) => api).sort()).toEqual(
    sampleCatalogue
      .entries()
      .map(({ id }) => id)
      .sort(),
  );
});

test('open routes answer without a token', async () => {
  expect((await it.call('GET', '/healthz', { account: null })).body).toEqual({ status: 'ok' });
  expect((await it.call('GET', '/catalogue', { account: null })).status).toBe(200);
});

test('a caller sees its own limits without spending', async () => {
  const see = () => it.call('GET', '/api/public/rate-limits', { account: 'watcher' });
  expect((await see()).body).toMatchObject({ account: 'watcher', items: [] });
  await it.call('GET', '/api/public/roles', { account: 'watcher' });
  await it.call('GET', '/api/public/bots/watched/faqs', { account: 'watcher' });
  await see();
  const minute = { limit: 60, used: 1, remaining: 59, releases: [{ units: 1, afterMs: expect.any(Number) }] };
  expect((await see()).body).toMatchObject({
    items: [
      { api: 'get-faqs', dimensions: { bot: 'watched' }, windows: { minute } },
      { api: 'get-roles', windows: { minute, hour: { limit: 1800, used: 1, remaining: 1799 } } },
    ],
  });
});
