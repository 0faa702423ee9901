import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { addPerson, Browser, browserAs, browserOf, PASSWORD } from './browser.js';
import { type OwnService, startOwnService } from './start-service.js';

let service: OwnService;
let ann: { id: string; login: string };

beforeAll(async () => {
  service = await startOwnService();
  ann = await addPerson(service, { role: 'support', login: 'ann@example.com' });
});

afterAll(() => service?.stop());

const session = (browser: Browser) => browser.get('/admin/api/session');
const older = (column: string, by: string) =>
  service.database.pool.query(`UPDATE rollgate.staff_session SET ${column} = ${column} - interval '${by}'`);

test('without a session the response says how to sign in', async () => {
  const { status, headers, body } = await session(new Browser(service));
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(body).toEqual({ signedIn: false, methods: { local: true, oidc: null } });
});

test('a session shows the person, the permissions, the approval limit and the end of the session', async () => {
  const browser = new Browser(service);
  const answer = await browser.signIn('  Ann@Example.COM ');
  expect(answer.status).toBe(200);
  const { body, status } = await session(browser);
  expect(status).toBe(200);
  expect(body).toEqual({
    signedIn: true,
    staff: {
      id: ann.id,
      login: 'ann@example.com',
      displayName: 'ann@example.com',
      role: 'support',
      signsInBy: 'password',
    },
    permissions: expect.arrayContaining(['overrides.write', 'accounts.read']),
    ceilings: { times: 10, days: 30 },
    idleEndsAt: expect.any(String),
    endsAt: expect.any(String),
    environment: 'test',
  });
  expect(answer.body).toMatchObject({ signedIn: true, staff: { id: ann.id } });
  expect(Date.parse(body['idleEndsAt'] as string) - Date.now()).toBeGreaterThan(29 * 60_000);
  expect(Date.parse(body['endsAt'] as string) - Date.now()).toBeGreaterThan(11.9 * 3_600_000);
  const { rows } = await service.database.pool.query('SELECT last_sign_in_at FROM rollgate.staff WHERE id = $1', [
    ann.id,
  ]);
  expect(rows[0].last_sign_in_at).toBeInstanceOf(Date);
});

test('an admin has no approval limit, and a viewer may change no limit', async () => {
  expect((await session(await browserOf(service, 'admin'))).body['ceilings']).toEqual({ times: null, days: null });
  expect((await session(await browserOf(service, 'viewer'))).body['ceilings']).toBeNull();
});

test('a wrong password and an unknown login get the same response, and neither is logged', async () => {
  const answers = [
    await new Browser(service).signIn('ann@example.com', 'not her password'),
    await new Browser(service).signIn('nobody@example.com', 'not her password'),
  ];
  for (const { status, body, headers } of answers) {
    expect([status, body['message']]).toEqual([401, 'Login or password is wrong.']);
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  }
  expect(JSON.stringify(service.log)).not.toMatch(/her password|nobody@/);
});

test('the cookie is HttpOnly and SameSite, and only its hash is stored', async () => {
  const browser = new Browser(service);
  const [cookie] = (await browser.signIn('ann@example.com')).headers.getSetCookie();
  expect(cookie).toMatch(/^rollgate-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  const secret = browser.cookies.get('rollgate-session') as string;
  const { rows } = await service.database.pool.query(
    'SELECT row_to_json(s)::text AS row FROM rollgate.staff_session s',
  );
  for (const { row } of rows) expect(row).not.toContain(secret);
});

test('a sign-in creates a new session and ends the browser’s previous one', async () => {
  const browser = new Browser(service);
  await browser.signIn('ann@example.com');
  const before = new Browser(service);
  for (const pair of browser.cookies) before.cookies.set(...pair);
  await browser.signIn('ann@example.com');
  expect((await session(before)).body['signedIn']).toBe(false);
  expect((await session(browser)).body['signedIn']).toBe(true);
});

test('a session ends after 30 minutes without a request', async () => {
  const browser = await browserAs(service, ann.id);
  await older('last_seen_at', '29 minutes');
  expect((await session(browser)).body['signedIn']).toBe(true);
  await older('last_seen_at', '29 minutes');
  expect((await session(browser)).body['signedIn']).toBe(true);
  await older('last_seen_at', '30 minutes');
  expect((await session(browser)).body['signedIn']).toBe(false);
});

test('a session ends after 12 hours of use, and its idle end is never later', async () => {
  const browser = await browserAs(service, ann.id);
  await older('ends_at', '11 hours 50 minutes');
  const { body } = await session(browser);
  expect(body['idleEndsAt']).toBe(body['endsAt']);
  await older('ends_at', '10 minutes');
  expect((await session(browser)).body['signedIn']).toBe(false);
});

test('signing out ends only this session, and signing out everywhere ends all sessions of the person and no others', async () => {
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => browserAs(service, ann.id)));
  const other = await browserOf(service, 'support');
  if (!one || !two || !three) throw new Error('three');
  const old = new Map(one.cookies);
  expect((await one.delete('/admin/api/session')).status).toBe(204);
  expect(one.cookies.size).toBe(0);
  for (const pair of old) one.cookies.set(...pair);
  expect((await session(one)).body['signedIn']).toBe(false);
  expect((await session(two)).body['signedIn']).toBe(true);
  expect((await two.delete('/admin/api/sessions')).status).toBe(204);
  expect((await session(three)).body['signedIn']).toBe(false);
  expect((await session(other)).body['signedIn']).toBe(true);
});

test('disabling a person ends their sessions at once and prevents sign-in', async () => {
  const admin = await browserOf(service, 'admin');
  const browser = await browserOf(service, 'support');
  expect((await admin.patch(`/admin/api/staff/${browser.id}`, { disabled: true })).status).toBe(200);
  expect((await session(browser)).body['signedIn']).toBe(false);
  expect((await new Browser(service).signIn(browser.login)).status).toBe(401);
  expect((await admin.patch(`/admin/api/staff/${browser.id}`, { disabled: false })).status).toBe(200);
  expect((await session(browser)).body['signedIn']).toBe(false);
  expect((await new Browser(service).signIn(browser.login)).status).toBe(200);
});

const CHANGE = ['DELETE', '/admin/api/session'] as const;

test.each([
  [{ 'sec-fetch-site': 'cross-site' }],
  [{ 'sec-fetch-site': 'same-site' }],
  [{ origin: 'https://evil.example' }],
  [{ origin: 'null' }],
  [{ origin: 'http://127.0.0.1:1' }],
  [{ 'x-rollgate-request': '' }],
  [{ 'x-rollgate-request': '0' }],
])('a change by cookie with %j is refused', async (headers) => {
  const browser = await browserAs(service, ann.id);
  const { status, body } = await browser.call(...CHANGE, undefined, headers as Record<string, string>);
  expect([status, body['title']]).toEqual([403, 'Forbidden']);
  expect((await session(browser)).body['signedIn']).toBe(true);
});

test.each([[{ 'sec-fetch-site': 'none' }], [{ origin: 'own' }]])(
  'a change by cookie with %j is accepted as the person’s own',
  async (headers: Record<string, string>) => {
    const browser = await browserAs(service, ann.id);
    const own = headers['origin'] === 'own' ? { origin: service.server.url } : headers;
    expect((await browser.call(...CHANGE, undefined, own)).status).toBe(204);
  },
);

test('another site cannot sign its visitor in', async () => {
  const body = { login: ann.login, password: PASSWORD };
  const { status } = await new Browser(service).post('/admin/api/session', body, { 'sec-fetch-site': 'cross-site' });
  expect(status).toBe(403);
});

test.each([
  [{ login: 'ann@example.com' }, 'password'],
  [{ login: 'a b', password: 'x' }, 'login'],
  [{ login: 'ann@example.com', password: 'x', remember: true }, ''],
  [{ login: 'ann@example.com', password: 'x'.repeat(3_000) }, 'password'],
])('a malformed sign-in is refused with the name of the field', async (body, field) => {
  const answer = await new Browser(service).post('/admin/api/session', body);
  expect(answer.status).toBe(400);
  expect(answer.body['errors']).toEqual([expect.objectContaining({ field })]);
  expect(answer.text).not.toContain('xxxxxxxxx');
});
