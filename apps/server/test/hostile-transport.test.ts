/** HTTP pipelining, unsupported methods, and callers that never complete a request. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { AUTHOR } from './browser.js';
import { startService, type TestService } from './start-service.js';

let database: TestDatabase;
let service: TestService;
let token = '';
beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({
    databaseUrl: database.url,
    patience: { headMs: 300, requestMs: 600, lookEveryMs: 50 },
  });
  const tokens = service.server.app.get(ServiceTokens, { strict: false });
  const made = { name: 'asker', permissions: ['decisions.write'], role: 'support', expiresAt: null } as const;
  token = (await tokens.create(made, AUTHOR)).secret;
});
afterAll(async () => {
  await service?.server.close();
  await database?.drop();
});

/** Everything received on one connection until the service closes it. */
function send(text: string): Promise<string> {
  const { hostname, port } = new URL(service.server.url);
  return new Promise((resolve) => {
    let received = '';
    const caller = connect(Number(port), hostname, () => caller.write(text));
    caller.on('error', () => undefined).setEncoding('latin1');
    caller.on('data', (more: string) => (received += more)).once('close', () => resolve(received));
  });
}

const decision = (account: string, last: boolean) => {
  const body = JSON.stringify({ account, api: 'publish-bot', dimensions: { bot: 'b' } });
  return [
    'POST /api/decisions HTTP/1.1',
    'host: here',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    `connection: ${last ? 'close' : 'keep-alive'}`,
    '',
    body,
  ].join('\r\n');
};

test('a pipeline of 80 decisions counts 80 calls: 60 allowed and 20 denied', async () => {
  const received = await send(decision('pipe-co', false).repeat(79) + decision('pipe-co', true));
  expect(received.match(/"allowed":true/g)).toHaveLength(60);
  expect(received.match(/"allowed":false/g)).toHaveLength(20);
  const { rows } = await database.pool.query(`SELECT total FROM rollgate.counter WHERE subject LIKE 'pipe-co/%'`);
  expect(rows).toEqual([{ total: '60' }]);
});

test.each([
  ['a head that never ends', 'GET /healthz HTTP/1.1\r\nhost: here\r\nx-slow: '],
  [
    'a body that never ends',
    'POST /api/decisions HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a"',
  ],
])('%s gets a 408 and the end of the connection, while other callers are served', async (_, text) => {
  const startedAt = Date.now();
  const slow = send(text);
  expect((await service.call('/healthz')).status).toBe(200);
  expect(await slow).toMatch(/^HTTP\/1\.1 408 /);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

test.each([
  ['two lengths', 'POST /api/decisions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
  [
    'length and chunks',
    'POST /api/decisions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['NUL in a header', 'GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: b\0c\r\n\r\n'],
])('%s gets a 400, and the connection ends', async (_, text) => {
  expect(await send(text)).toMatch(/^HTTP\/1\.1 400 /);
});

test('OPTIONS gives no other site permission to send requests', async () => {
  for (const path of ['/admin/api/overrides', '/api/decisions', '/admin/api/session']) {
    const { headers } = await service.call(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-rollgate-request',
      },
    });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

test('line breaks that a caller sends appear in no response header', async () => {
  const evil = encodeURIComponent('/admin/\r\nSet-Cookie: a=b');
  for (const path of [`/admin/api/oidc/start?returnTo=${evil}`, `/nothing/${evil}`, `/admin${evil}`, `/docs${evil}`]) {
    const { status, headers } = await service.call(path, { redirect: 'manual' });
    expect(status).toBeLessThan(500);
    expect(headers.get('set-cookie') ?? '').not.toContain('a=b');
  }
});

test('HEAD answers like GET without a body, and needs the same permission', async () => {
  expect((await service.call('/admin/api/overrides', { method: 'HEAD' })).status).toBe(401);
  const { status, text } = await service.call('/healthz', { method: 'HEAD' });
  expect([status, text]).toEqual([200, '']);
});
