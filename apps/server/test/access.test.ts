import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Permission, Role } from '../src/http/permissions.js';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { AUTHOR, addPerson, Browser, browserOf, PASSWORD } from './browser.js';
import { startService, type TestService } from './start-service.js';

let database: TestDatabase;
let service: TestService;
/** The address of a caller behind a proxy on this machine. */
let proxied: TestService;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  proxied = await startService({
    databaseUrl: database.url,
    trustProxy: ['127.0.0.0/8'],
    publicUrl: 'https://rollgate.example.com',
  });
});

afterAll(async () => {
  await service?.server.close();
  await proxied?.server.close();
  await database?.drop();
});

async function tokenFor(permissions: Permission[], options: { name?: string; role?: Role; expiresAt?: Date } = {}) {
  const { name = `t-${permissions.join('-')}`, role = 'support', expiresAt = null } = options;
  const tokens = service.server.app.get(ServiceTokens, { strict: false });
  return tokens.create({ name, permissions, role, expiresAt }, AUTHOR);
}

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

test('a request without credentials gets a 401 problem that says how to sign in', async () => {
  const { status, headers, body } = await service.call('/admin/api/staff');
  expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="rollgate"']);
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(body).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401, message: 'Please sign in.' });
});

test.each<[Role, number, number]>([
  ['viewer', 403, 403],
  ['support', 403, 403],
  ['auditor', 200, 403],
  ['admin', 200, 201],
])(
  'the role %s is refused what it has no permission for, and the refusal names the permission',
  async (role, list, add) => {
    const browser = await browserOf(service, role);
    const listed = await browser.get('/admin/api/staff');
    expect(listed.status).toBe(list);
    if (list === 403) expect(listed.body['message']).toBe('This needs the permission "staff.read".');
    const added = await browser.post('/admin/api/staff', { login: `by-${role}@example.com`, role: 'viewer' });
    expect(added.status).toBe(add);
  },
);

test('a service token has exactly its own permissions, and needs no header against cross-site requests', async () => {
  const { secret } = await tokenFor(['staff.read']);
  expect((await service.call('/admin/api/staff', bearer(secret))).status).toBe(200);
  const { status, body } = await service.call('/admin/api/tokens/tok_0', { method: 'DELETE', ...bearer(secret) });
  expect([status, body['message']]).toEqual([403, 'This needs the permission "staff.write".']);
  const { rows } = await database.pool.query('SELECT hash, last_used_at FROM rollgate.service_token');
  expect(rows[0].last_used_at).toBeInstanceOf(Date);
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test('an unknown, malformed, expired or revoked token gets a 401', async () => {
  const expired = await tokenFor(['staff.read'], { name: 'old', expiresAt: new Date(Date.now() + 60_000) });
  const revoked = await tokenFor(['staff.read'], { name: 'revoked' });
  await database.pool.query(`UPDATE rollgate.service_token SET expires_at = clock_timestamp() WHERE name = 'old'`);
  await service.server.app.get(ServiceTokens, { strict: false }).revoke(revoked.token.id, AUTHOR);
  const unknown = `rgt_${'A'.repeat(43)}`;
  for (const secret of [expired.secret, revoked.secret, unknown, 'rgt_', `${unknown}A`, ''])
    expect((await service.call('/admin/api/staff', bearer(secret))).status).toBe(401);
  const basic = { headers: { authorization: `Basic ${revoked.secret}` } };
  expect((await service.call('/admin/api/staff', basic)).status).toBe(401);
});

test('a request with a wrong token is not accepted because of its session cookie', async () => {
  const admin = await browserOf(service, 'admin');
  expect((await admin.get('/admin/api/staff', { authorization: 'Bearer rgt_wrong' })).status).toBe(401);
});

const VIA_HTTPS = {
  'x-forwarded-proto': 'https',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': 'rollgate.example.com',
};

test('behind a trusted proxy the cookie is __Host- and Secure, and only that cookie is accepted', async () => {
  const { login } = await addPerson(service, { role: 'admin' });
  const browser = new Browser(proxied);
  const answer = await browser.post('/admin/api/session', { login, password: PASSWORD }, VIA_HTTPS);
  const [cookie] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/^__Host-rollgate=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  expect((await browser.get('/admin/api/staff', VIA_HTTPS)).status).toBe(200);
  const secret = browser.cookies.get('__Host-rollgate') as string;
  const plain = { ...VIA_HTTPS, cookie: `rollgate-session=${secret}` };
  expect((await new Browser(proxied).get('/admin/api/staff', plain)).status).toBe(401);
});

test('behind a trusted proxy the address is the one the proxy reports, and the public URL counts as the service’s own origin', async () => {
  const { login } = await addPerson(service, { role: 'admin' });
  const browser = new Browser(proxied);
  const own = { ...VIA_HTTPS, origin: 'https://rollgate.example.com' };
  await browser.post('/admin/api/session', { login, password: PASSWORD }, own);
  const { rows } = await database.pool.query(
    'SELECT address, user_agent FROM rollgate.staff_session s JOIN rollgate.staff p ON p.id = s.staff_id WHERE login = $1',
    [login],
  );
  expect(rows).toEqual([{ address: '203.0.113.7', user_agent: 'node' }]);
  const added = await browser.post('/admin/api/staff', { login: 'seen@example.com', role: 'viewer' }, own);
  expect(added.status).toBe(201);
  const history = await database.pool.query(
    `SELECT actor, role, address, request_id FROM rollgate.history WHERE after ->> 'login' = 'seen@example.com'`,
  );
  expect(history.rows).toEqual([
    {
      actor: `staff:${login}`,
      role: 'admin',
      address: '203.0.113.7',
      request_id: added.headers.get('x-request-id'),
    },
  ]);
});

test('without a trusted proxy the address is that of the connection, and the cookie is Secure', async () => {
  const { login } = await addPerson(service);
  const answer = await new Browser(service).post('/admin/api/session', { login, password: PASSWORD }, VIA_HTTPS);
  expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-rollgate=.*; Secure$/);
  const { rows } = await database.pool.query(
    'SELECT address FROM rollgate.staff_session s JOIN rollgate.staff p ON p.id = s.staff_id WHERE login = $1',
    [login],
  );
  expect(rows).toEqual([{ address: '127.0.0.1' }]);
});
