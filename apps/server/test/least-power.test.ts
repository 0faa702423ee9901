import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import pg from 'pg';
import { addPerson, Browser, browserOf } from './browser.js';
import { startService, type TestService } from './start-service.js';

// Runs the service with only the rights of its own role.

let database: TestDatabase;
let service: TestService;

function asRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.searchParams.set('options', `-c role=${role}`);
  return changed.href;
}

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: asRole(database.url, 'rollgate_admin_api'), sweepEveryMs: 20 });
});

afterAll(async () => {
  await service?.server.close();
  await database?.drop();
});

async function denied(role: string, sql: string): Promise<void> {
  const client = new pg.Client(asRole(database.url, role));
  await client.connect();
  try {
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
}

test('with only its own rights the service is ready, signs people in, and manages people, tokens and their history', async () => {
  expect((await service.call('/readyz')).status).toBe(200);
  const { login } = await addPerson(service, { role: 'admin' });
  const browser = new Browser(service);
  expect((await browser.signIn(login)).status).toBe(200);
  const { body } = await browser.post('/admin/api/staff', { login: 'new@example.com', role: 'viewer' });
  const { id } = body['staff'] as { id: string };
  expect((await browser.patch(`/admin/api/staff/${id}`, { role: 'support', disabled: true })).status).toBe(200);
  expect((await browser.post(`/admin/api/staff/${id}/password`)).status).toBe(200);
  const made = await browser.post('/admin/api/tokens', { name: 'ci', permissions: ['export'] });
  expect(made.status).toBe(201);
  const { id: token } = made.body['token'] as { id: string };
  expect((await browser.delete(`/admin/api/tokens/${token}`)).status).toBe(204);
  expect((await browser.delete('/admin/api/sessions')).status).toBe(204);
  const { rows } = await database.pool.query(
    'SELECT action FROM rollgate.history WHERE target = ANY ($1) ORDER BY id',
    [[id, token]],
  );
  expect(rows.map(({ action }) => action)).toEqual(['add', 'role', 'disable', 'password', 'create', 'revoke']);
});

test('with only its own rights the screens and the janitor of the service work', async () => {
  const admin = await browserOf(service, 'admin');
  const { paths } = (await admin.get('/openapi.json')).body as { paths: Record<string, Record<string, unknown>> };
  const screens = Object.keys(paths).filter(
    (path) => 'get' in (paths[path] ?? {}) && /^\/admin\/api\/[^{]*$/.test(path),
  );
  expect(screens.length).toBeGreaterThan(10);
  for (const path of screens) expect([path, (await admin.get(path)).status]).not.toEqual([path, 500]);
  const passes = async () => {
    const { text } = await service.call('/metrics');
    return Number(/^rollgate_janitor_last_pass_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
  };
  await until(async () => (await passes()) > 0, { what: 'the janitor has made a pass' });
  expect(service.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

test.each([
  ['rollgate_admin_api', 'SELECT FROM rollgate.counter'],
  ['rollgate_admin_api', 'INSERT INTO rollgate.history SELECT'],
  ['rollgate_admin_api', 'UPDATE rollgate.override SET per_minute = 1'],
  ['rollgate_admin_api', 'DELETE FROM rollgate.staff'],
  ['rollgate_admin_api', 'DELETE FROM rollgate.service_token'],
  ['rollgate_admin_api', 'DELETE FROM rollgate.sign_in_log'],
  ['rollgate_admin_api', 'UPDATE rollgate.sign_in_log SET times = 1'],
  ['rollgate_admin_api', 'INSERT INTO rollgate.sign_in_log SELECT'],
  ['rollgate_admin_api', 'DELETE FROM rollgate.access_log'],
  ['rollgate_admin_api', 'UPDATE rollgate.access_log SET times = 1'],
  ['rollgate_admin_api', 'INSERT INTO rollgate.access_log SELECT'],
  [
    'rollgate_admin_api',
    `SELECT rollgate.record_staff('override', 'x', 'x', ROW('a', 'a', NULL, NULL)::rollgate.author, NULL, NULL, NULL)`,
  ],
  ['rollgate_runtime', 'SELECT FROM rollgate.staff'],
  ['rollgate_runtime', 'SELECT FROM rollgate.staff_session'],
  ['rollgate_runtime', 'SELECT FROM rollgate.service_token'],
  ['rollgate_auditor', 'SELECT FROM rollgate.staff'],
  ['rollgate_auditor', 'SELECT FROM rollgate.staff_session'],
])('the role %s may not run: %s', (role, sql) => denied(role, sql));
