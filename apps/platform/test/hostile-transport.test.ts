/** Unusual HTTP: pipelines, HEAD and OPTIONS, compressed bombs, and callers that never finish. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signToken } from '../src/auth/tokens.js';
import { requestText, sendRaw } from './raw-http.js';
import { SECRET, startPlatform, type TestPlatform } from './start-platform.js';

let it: TestPlatform;
beforeAll(async () => {
  it = await startPlatform({ patience: { headMs: 300, requestMs: 600, lookEveryMs: 50 } });
});
afterAll(() => it.stop());

const bearer = async (account: string) => ({
  authorization: `Bearer ${await signToken({ secret: SECRET, account, expiresInSeconds: 3600 })}`,
});
const usedBy = async (account: string): Promise<number> => {
  const { body } = await it.call('GET', '/api/public/rate-limits', { account });
  const items = body['items'] as { windows: { minute: { used: number } } }[];
  return items.reduce((sum, { windows }) => sum + windows.minute.used, 0);
};

test('a pipeline of 100 requests is 100 calls: 60 are allowed and 40 denied, in order', async () => {
  const headers = await bearer('pipe-co');
  const one = (last: boolean) => requestText({ path: '/api/public/bots/pipe/faqs', headers, last });
  const answers = await sendRaw(it.platform.url, one(false).repeat(99) + one(true));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toHaveLength(100);
  expect(statuses.filter((status) => status === 200)).toHaveLength(60);
  expect(statuses.filter((status) => status === 429)).toHaveLength(40);
  expect(await usedBy('pipe-co')).toBe(60);
});

test('a second request inside the body of the first is part of the body, not a call', async () => {
  const headers = { ...(await bearer('smuggle-co')), 'content-type': 'application/json' };
  const inner = requestText({ path: '/api/public/roles', headers });
  const outer = requestText({ method: 'POST', path: '/api/public/tables/smuggled/rows', headers, body: inner });
  expect((await sendRaw(it.platform.url, outer)).map(({ status }) => status)).toEqual([400]);
  expect(await usedBy('smuggle-co')).toBe(0);
});

test('HEAD counts as GET; OPTIONS has no route and counts nothing', async () => {
  const headers = await bearer('head-co');
  const [head] = await sendRaw(
    it.platform.url,
    requestText({ method: 'HEAD', path: '/api/public/bots/headed/faqs', headers }),
  );
  expect([head?.status, head?.body]).toEqual([200, '']);
  expect(await usedBy('head-co')).toBe(1);
  for (const method of ['OPTIONS', 'TRACE', 'PROPFIND']) {
    const [answer] = await sendRaw(
      it.platform.url,
      requestText({ method, path: '/api/public/bots/headed/faqs', headers }),
    );
    expect([method, answer?.status]).toEqual([method, 404]);
    expect(answer?.head).not.toMatch(/access-control-allow/i);
  }
  expect(await usedBy('head-co')).toBe(1);
});

test('a header or a query does not change the method', async () => {
  const headers = { ...(await bearer('over-co')), 'x-http-method-override': 'DELETE' };
  const answer = await it.call('GET', '/api/public/tables/kept/rows?_method=DELETE', { account: 'over-co', headers });
  expect(answer.status).toBe(400);
  expect((await it.call('GET', '/api/public/tables/kept/rows', { account: 'over-co', headers })).status).toBe(200);
});

test('a compressed bomb of 10 MB in 10 kB is rejected without decompression', async () => {
  const bomb = gzipSync(' '.repeat(10 * 1024 * 1024));
  const response = await fetch(`${it.platform.url}/api/public/tables/boom/rows`, {
    method: 'POST',
    headers: { ...(await bearer('boom-co')), 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: new Uint8Array(bomb),
  });
  expect(response.status).toBe(415);
  expect(await usedBy('boom-co')).toBe(0);
});

test.each([
  ['a head that never ends', 'GET /healthz HTTP/1.1\r\nhost: here\r\nx-slow: '],
  [
    'a body that never ends',
    'POST /api/public/tables/slow/rows HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a"',
  ],
])('%s: 408 and the connection ends; other calls are served in the meantime', async (_, text) => {
  const { hostname, port } = new URL(it.platform.url);
  const startedAt = Date.now();
  const slow = new Promise<string>((resolve) => {
    let received = '';
    const caller = connect(Number(port), hostname, () => caller.write(text));
    caller.on('error', () => undefined).setEncoding('latin1');
    caller.on('data', (more: string) => (received += more)).once('close', () => resolve(received));
  });
  expect((await it.call('GET', '/healthz', { account: null })).status).toBe(200);
  expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

test('line breaks that a caller sends are not returned in a header', async () => {
  const evil = encodeURIComponent('x\r\nSet-Cookie: a=b');
  const headers = await bearer('crlf-co');
  for (const path of [
    `/api/public/bots/${evil}/faqs`,
    `/api/public/${evil}`,
    `/support/limit-requests?denial=${evil}`,
  ]) {
    const [answer] = await sendRaw(it.platform.url, requestText({ path, headers }));
    expect(answer?.status).toBeLessThan(500);
    expect(answer?.head).not.toMatch(/^set-cookie/im);
  }
});
