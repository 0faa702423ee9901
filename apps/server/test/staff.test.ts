import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { addPerson, Browser, browserAs, browserOf, PASSWORD } from './browser.js';
import { type OwnService, startOwnService } from './start-service.js';

let service: OwnService;
let admin: Awaited<ReturnType<typeof browserOf>>;

beforeAll(async () => {
  service = await startOwnService();
});

beforeEach(async () => {
  admin = await browserOf(service, 'admin');
});

afterAll(() => service?.stop());

async function history(target: string) {
  const { rows } = await service.database.pool.query(
    'SELECT kind, action, actor, role, reason, before, after FROM rollgate.history WHERE target = $1 ORDER BY id',
    [target],
  );
  return rows;
}

const bob = { login: 'bob@example.com', displayName: 'bob@example.com', role: 'support', signsInBy: 'password' };

test('an added person gets a random password, shown once, that signs in, is not listed and is not in the history', async () => {
  const { status, body } = await admin.post('/admin/api/staff', { login: 'Bob@example.com', role: 'support' });
  const { staff, password } = body as { staff: { id: string }; password: string };
  expect(status).toBe(201);
  expect(staff).toEqual({
    ...bob,
    id: expect.stringMatching(/^stf_\d+$/),
    disabledAt: null,
    createdAt: expect.any(String),
    lastSignInAt: null,
  });
  expect(password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  expect((await new Browser(service).signIn('bob@example.com', password)).status).toBe(200);
  const listed = (await admin.get('/admin/api/staff')).body['items'] as { id: string }[];
  expect(listed.find(({ id }) => id === staff.id)).toMatchObject(bob);
  expect(JSON.stringify(listed)).not.toMatch(/argon2|password_hash|passwordHash/);
  const rows = await history(staff.id);
  expect(rows).toEqual([
    {
      kind: 'staff',
      action: 'add',
      actor: `staff:${admin.login}`,
      role: 'admin',
      reason: null,
      before: null,
      after: { ...bob, disabled: false },
    },
  ]);
  expect(JSON.stringify(rows)).not.toContain(password);
  const stored = await service.database.pool.query('SELECT password_hash FROM rollgate.staff WHERE id = $1', [
    staff.id,
  ]);
  expect(stored.rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test('each change is a row in the history with its reason', async () => {
  const { id } = await addPerson(service, { role: 'viewer' });
  const changes = { role: 'auditor', disabled: true, displayName: 'Carol', reason: 'moves to audit' };
  const { status, body } = await admin.patch(`/admin/api/staff/${id}`, changes);
  expect(status).toBe(200);
  expect(body).toMatchObject({ role: 'auditor', displayName: 'Carol', disabledAt: expect.any(String) });
  expect((await history(id)).map(({ action, reason }) => [action, reason])).toEqual([
    ['add', null],
    ['role', 'moves to audit'],
    ['disable', 'moves to audit'],
    ['rename', 'moves to audit'],
  ]);
  await admin.patch(`/admin/api/staff/${id}`, { role: 'auditor', disabled: true });
  expect(await history(id)).toHaveLength(4);
  const { rows } = await service.database.pool.query('SELECT broken_id FROM rollgate.verify_history()');
  expect(rows).toEqual([{ broken_id: null }]);
});

test('a new role applies from the next request on', async () => {
  const browser = await browserOf(service, 'support');
  expect((await browser.get('/admin/api/staff')).status).toBe(403);
  await admin.patch(`/admin/api/staff/${browser.id}`, { role: 'auditor' });
  expect((await browser.get('/admin/api/staff')).status).toBe(200);
});

test('after a password reset the old password and all sessions of the person end, and the new password signs in', async () => {
  const browser = await browserOf(service, 'support');
  const { status, body } = await admin.post(`/admin/api/staff/${browser.id}/password`, { password: 'twelve chars' });
  expect([status, body['password']]).toEqual([200, null]);
  expect((await browser.get('/admin/api/session')).body['signedIn']).toBe(false);
  expect((await new Browser(service).signIn(browser.login)).status).toBe(401);
  expect((await new Browser(service).signIn(browser.login, 'twelve chars')).status).toBe(200);
  expect((await history(browser.id)).map(({ action }) => action)).toEqual(['add', 'password']);
});

test('an admin who resets their own password stays signed in here and nowhere else', async () => {
  const elsewhere = await browserAs(service, admin.id);
  const { body } = await admin.post(`/admin/api/staff/${admin.id}/password`);
  expect((await admin.get('/admin/api/session')).body['signedIn']).toBe(true);
  expect((await elsewhere.get('/admin/api/session')).body['signedIn']).toBe(false);
  expect((await new Browser(service).signIn(admin.login, body['password'] as string)).status).toBe(200);
});

test('every person may change their own password if they know it, and their other sessions end', async () => {
  const browser = await browserOf(service, 'viewer');
  const elsewhere = await browserAs(service, browser.id);
  const change = (current: string, password: string) =>
    browser.post('/admin/api/session/password', { current, password });
  const wrong = await change('not my password', 'giraffe nut pylon');
  expect([wrong.status, wrong.body['message']]).toEqual([422, 'The current password is wrong.']);
  expect(await change(PASSWORD, 'passwordpassword')).toMatchObject({
    status: 400,
    body: { errors: [expect.objectContaining({ field: 'password' })] },
  });
  expect((await change(PASSWORD, 'giraffe nut pylon')).status).toBe(204);
  expect((await browser.get('/admin/api/session')).body['signedIn']).toBe(true);
  expect((await elsewhere.get('/admin/api/session')).body['signedIn']).toBe(false);
  expect((await new Browser(service).signIn(browser.login, 'giraffe nut pylon')).status).toBe(200);
  expect((await history(browser.id)).map(({ action }) => action)).toEqual(['add', 'password']);
});

test('a password made of the login or the product is refused when a person is added, reset, or changes their own', async () => {
  const login = 'gwendolyn.hartfield@example.com';
  const refused = {
    status: 422,
    body: { message: expect.stringMatching(/^A password made of the login, the name or/) },
  };
  for (const password of [login, 'Gwendolyn.Hartfield2026', 'dleiftrah1234'])
    expect(await admin.post('/admin/api/staff', { login, role: 'viewer', password })).toMatchObject(refused);
  expect((await admin.get('/admin/api/staff')).text).not.toContain(login);
  const browser = await browserOf(service, 'viewer');
  const own = { password: `${browser.login}1` };
  expect(await admin.post(`/admin/api/staff/${browser.id}/password`, own)).toMatchObject(refused);
  expect(await browser.post('/admin/api/session/password', { ...own, current: PASSWORD })).toMatchObject(refused);
  const product = await admin.post('/admin/api/staff', { login, role: 'viewer', password: 'Rollgate2026!' });
  expect([product.status, product.body['message']]).toEqual([
    400,
    expect.stringContaining('a password made of "rollgate" is refused'),
  ]);
  expect((await new Browser(service).signIn(browser.login)).status).toBe(200);
});

test('repeated guesses at the current password must wait', async () => {
  const browser = await browserOf(service, 'viewer');
  const guess = () =>
    browser.post('/admin/api/session/password', { current: 'a guess', password: 'giraffe nut pylon' });
  let answer = await guess();
  for (let i = 0; i < 20 && answer.status === 422; i++) answer = await guess();
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a token has no password to change', async () => {
  const { body } = await admin.post('/admin/api/tokens', { name: `pw-${Date.now()}`, permissions: ['accounts.read'] });
  const answer = await fetch(`${service.server.url}/admin/api/session/password`, {
    method: 'POST',
    headers: { authorization: `Bearer ${body['secret']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ current: 'x', password: 'giraffe nut pylon' }),
  });
  expect(answer.status).toBe(403);
});

test.each([
  ['eleven char', 400],
  ['a'.repeat(257), 400],
  ['passwordpassword', 400],
  [randomBytes(128).toString('hex'), 201],
  ['жираф орех столб', 201],
])('a new password is accepted or refused (case %#)', async (password, expected) => {
  const body = { login: `p${Math.random().toString(36).slice(2)}@example.com`, role: 'viewer', password };
  const answer = await admin.post('/admin/api/staff', body);
  expect(answer.status).toBe(expected);
  if (expected === 201) expect((await new Browser(service).signIn(body.login, password)).status).toBe(200);
  else expect(answer.body['errors']).toEqual([expect.objectContaining({ field: 'password' })]);
});

test('a login in use is a conflict, and an unknown person is not found', async () => {
  const taken = await admin.post('/admin/api/staff', { login: admin.login.toUpperCase(), role: 'viewer' });
  expect([taken.status, taken.body['message']]).toEqual([409, `There is a "${admin.login}" already.`]);
  expect((await admin.patch('/admin/api/staff/stf_0', { disabled: true })).status).toBe(404);
  expect((await admin.post('/admin/api/staff/stf_0/password')).status).toBe(404);
  expect((await admin.delete('/admin/api/tokens/tok_0')).status).toBe(404);
});

test.each([
  [{}, ''],
  [{ role: 'owner' }, 'role'],
  [{ role: 'viewer', login: 'x' }, ''],
  [{ displayName: ' ' }, 'displayName'],
])('the malformed change %j is refused with the name of the field', async (changes, field) => {
  const { status, body } = await admin.patch(`/admin/api/staff/${admin.id}`, changes);
  expect([status, body['errors']]).toEqual([400, [expect.objectContaining({ field })]]);
});

test('the last enabled admin stays enabled, also when two admins demote each other at once', async () => {
  await service.database.pool.query(`UPDATE rollgate.staff SET disabled_at = now() WHERE role = 'admin' AND id <> $1`, [
    admin.id,
  ]);
  for (const changes of [{ disabled: true }, { role: 'support' }]) {
    const { status, body } = await admin.patch(`/admin/api/staff/${admin.id}`, changes);
    expect([status, body['message']]).toEqual([409, 'At least one enabled admin is required. Add another one first.']);
  }
  const other = await browserOf(service, 'admin');
  const answers = await Promise.all([
    admin.patch(`/admin/api/staff/${other.id}`, { role: 'viewer' }),
    other.patch(`/admin/api/staff/${admin.id}`, { role: 'viewer' }),
  ]);
  const { rows } = await service.database.pool.query(
    `SELECT FROM rollgate.staff WHERE role = 'admin' AND disabled_at IS NULL`,
  );
  expect(rows).toHaveLength(1);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, expect.any(Number)]);
});

test('the secret of a token is shown once, and is neither listed nor in the history, and a revoked token never works again', async () => {
  const asked = { name: 'ci', permissions: ['catalogue.read', 'export'], expiresAt: '2099-01-01T00:00:00Z' };
  const { status, body } = await admin.post('/admin/api/tokens', asked);
  const { token, secret } = body as { token: { id: string }; secret: string };
  expect(status).toBe(201);
  expect(secret).toMatch(/^rgt_[\w-]{43}$/);
  expect(token).toEqual({
    id: expect.stringMatching(/^tok_\d+$/),
    name: 'ci',
    permissions: ['catalogue.read', 'export'],
    role: 'support',
    createdBy: `staff:${admin.login}`,
    createdAt: expect.any(String),
    expiresAt: '2099-01-01T00:00:00.000Z',
    lastUsedAt: null,
    revokedAt: null,
  });
  expect((await admin.post('/admin/api/tokens', asked)).status).toBe(409);
  expect((await admin.delete(`/admin/api/tokens/${token.id}`)).status).toBe(204);
  expect((await admin.delete(`/admin/api/tokens/${token.id}`)).status).toBe(204);
  expect((await admin.post('/admin/api/tokens', asked)).status).toBe(201);
  const listed = await admin.get('/admin/api/tokens');
  expect((listed.body['items'] as { id: string }[]).find(({ id }) => id === token.id)).toMatchObject({
    revokedAt: expect.any(String),
  });
  const rows = await history(token.id);
  expect(rows.map(({ kind, action, after }) => [kind, action, after.revoked])).toEqual([
    ['token', 'create', false],
    ['token', 'revoke', true],
  ]);
  for (const text of [listed.text, JSON.stringify(rows)]) expect(text).not.toContain(secret);
});

test.each([
  [{ name: 'x', permissions: [] }, 400],
  [{ name: 'x', permissions: ['everything'] }, 400],
  [{ name: 'a b', permissions: ['export'] }, 400],
  [{ name: 'x', permissions: ['export'], expiresAt: 'tomorrow' }, 400],
  [{ name: 'x', permissions: ['export'], expiresAt: '2020-01-01T00:00:00Z' }, 422],
])('the invalid token %j is refused', async (body, status) => {
  expect((await admin.post('/admin/api/tokens', body)).status).toBe(status);
});

test('a caller cannot grant or remove more permissions than it has', async () => {
  const asked = { name: 'staff-sync', permissions: ['staff.read', 'staff.write'] };
  const { secret } = (await admin.post('/admin/api/tokens', asked)).body as { secret: string };
  const machine = new Browser(service);
  const as = { authorization: `Bearer ${secret}` };
  const calls = [
    machine.post('/admin/api/staff', { login: 'evil@example.com', role: 'admin' }, as),
    machine.patch(`/admin/api/staff/${admin.id}`, { disabled: true }, as),
    machine.post(`/admin/api/staff/${admin.id}/password`, {}, as),
    machine.post('/admin/api/tokens', { name: 'more', permissions: ['catalogue.write'] }, as),
    machine.post('/admin/api/tokens', { name: 'higher', permissions: ['staff.read'], role: 'admin' }, as),
  ];
  for (const { status } of await Promise.all(calls)) expect(status).toBe(403);
  const less = { name: 'less', permissions: ['staff.read'], role: 'viewer' };
  expect((await machine.post('/admin/api/tokens', less, as)).status).toBe(201);
});
