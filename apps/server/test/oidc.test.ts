import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, freePort, type TestDatabase, until } from '@rollgate/testing';
import type { Role } from '../src/http/permissions.js';
import { addPerson, Browser, browserOf } from './browser.js';
import { type ProviderPerson, startProvider, type TestProvider } from './start-provider.js';
import { type Answer, startService, type TestService } from './start-service.js';

const START = '/admin/api/session/oidc/start';
const CALLBACK = '/admin/api/session/oidc/callback';
const ROLES = new Map<string, Role>([
  ['rate-limit-admins', 'admin'],
  ['support-team', 'support'],
  ['audit', 'auditor'],
]);

let database: TestDatabase;
let provider: TestProvider;
let service: TestService;
let silent: TestService;

beforeAll(async () => {
  database = await createTestDatabase();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  provider = await startProvider(`${publicUrl}${CALLBACK}`);
  const { issuer, clientId, clientSecret } = provider;
  const oidc = { issuer, clientId, clientSecret, groupsClaim: 'groups', roles: ROLES };
  service = await startService({ databaseUrl: database.url, port, publicUrl, oidc, trustProxy: undefined });
  const away = { ...oidc, issuer: `http://127.0.0.1:${await freePort()}` };
  silent = await startService({ databaseUrl: database.url, publicUrl, oidc: away });
});

afterAll(async () => {
  await service?.server.close();
  await silent?.server.close();
  await provider?.close();
  await database?.drop();
});

beforeEach(async () => {
  provider.claimsInIdToken = true;
  // The tests of this file make more sign-ins from one address than the minute limit allows.
  await database.pool.query('TRUNCATE rollgate.counter');
});

let people = 0;
function person(options: Partial<ProviderPerson> = {}): ProviderPerson {
  people += 1;
  return { sub: `sub-${people}`, email: `person-${people}@example.com`, name: `Person ${people}`, ...options };
}

/** Follows the provider's own redirects, as a browser does, until it returns to the service. */
async function atProvider(url: string, as: ProviderPerson | undefined): Promise<string> {
  provider.person = as;
  const cookies = new Map<string, string>();
  for (let next = url, hops = 0; hops < 10; hops++) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', ...value] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value.join('='));
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the provider says ${answer.status}: ${await answer.text()}`);
    next = new URL(location, next).href;
    if (next.startsWith(service.server.url)) return next.slice(service.server.url.length);
  }
  throw new Error('the provider never sent back');
}

const locationOf = ({ headers }: Answer) => headers.get('location') as string;

/** Runs the whole sign-in. Resolves to the last URL of the browser. */
async function signIn(browser: Browser, as: ProviderPerson | undefined, returnTo?: string): Promise<string> {
  const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`;
  const started = await browser.get(`${START}${query}`);
  expect(started.status).toBe(302);
  return locationOf(await browser.get(await atProvider(locationOf(started), as)));
}

async function whoIs(browser: Browser) {
  return (await browser.get('/admin/api/session')).body as { signedIn: boolean; staff: Record<string, string> };
}

test('the sign-in screen gets the URL where sign-in at the provider starts', async () => {
  expect((await new Browser(service).get('/admin/api/session')).body).toEqual({
    signedIn: false,
    methods: { local: true, oidc: { issuer: provider.issuer, startPath: START } },
  });
});

test('a person in a mapped group signs in with its role and returns to the previous page', async () => {
  const browser = new Browser(service);
  const ann = person({ email: 'Ann@Example.com', name: 'Ann', groups: ['staff', 'support-team'] });
  expect(await signIn(browser, ann, '/admin/accounts/acme?tab=usage#top')).toBe('/admin/accounts/acme?tab=usage#top');
  expect(await whoIs(browser)).toMatchObject({
    signedIn: true,
    staff: { login: 'ann@example.com', displayName: 'Ann', role: 'support' },
  });
  const { rows } = await database.pool.query(
    `SELECT action, actor, after ->> 'signsInBy' AS by FROM rollgate.history WHERE after ->> 'login' = 'ann@example.com'`,
  );
  expect(rows).toEqual([{ action: 'add', actor: `oidc:${provider.issuer}`, by: 'provider' }]);
});

test.each<[readonly string[], Role]>([
  [['rate-limit-admins', 'support-team', 'audit'], 'admin'],
  [['audit', 'support-team'], 'support'],
  [['audit'], 'auditor'],
])('of the groups %j the highest role is used: %s', async (groups, role) => {
  const browser = new Browser(service);
  expect(await signIn(browser, person({ groups }))).toBe('/admin/');
  expect((await whoIs(browser)).staff['role']).toBe(role);
});

test('groups that the provider returns only from its userinfo endpoint count as well', async () => {
  provider.claimsInIdToken = false;
  const browser = new Browser(service);
  expect(await signIn(browser, person({ groups: ['audit'] }))).toBe('/admin/');
  expect((await whoIs(browser)).staff['role']).toBe('auditor');
});

test('each sign-in sets the role from the groups, and a person without a mapped group loses all sessions', async () => {
  const one = person({ groups: ['rate-limit-admins'] });
  const first = new Browser(service);
  await signIn(first, one);
  const { staff } = await whoIs(first);
  const second = new Browser(service);
  await signIn(second, { ...one, name: 'Renamed', groups: ['support-team'] });
  expect((await whoIs(second)).staff).toEqual({ ...staff, displayName: 'Renamed', role: 'support' });
  expect((await whoIs(first)).staff['role']).toBe('support');
  const third = new Browser(service);
  expect(await signIn(third, { ...one, groups: ['others'] })).toBe('/admin/?signInFailed=not-allowed');
  for (const browser of [first, second, third]) expect((await whoIs(browser)).signedIn).toBe(false);
  const { rows } = await database.pool.query('SELECT action FROM rollgate.history WHERE target = $1 ORDER BY id', [
    staff['id'],
  ]);
  expect(rows.map(({ action }) => action)).toEqual(['add', 'role', 'rename']);
});

test.each([[undefined], [[]], [['others', 'Support-Team']]])(
  'a person with the groups %j cannot sign in',
  async (groups) => {
    const browser = new Browser(service);
    const nobody = person(groups === undefined ? {} : { groups });
    expect(await signIn(browser, nobody)).toBe('/admin/?signInFailed=not-allowed');
    expect((await whoIs(browser)).signedIn).toBe(false);
    const { rows } = await database.pool.query('SELECT FROM rollgate.staff WHERE oidc_subject = $1', [nobody.sub]);
    expect(rows).toEqual([]);
  },
);

test('a person disabled here stays disabled, whatever the provider says, and its role and password cannot be changed here', async () => {
  const browser = new Browser(service);
  const one = person({ groups: ['support-team'] });
  await signIn(browser, one);
  const { id } = (await whoIs(browser)).staff;
  const admin = await browserOf(service, 'admin');
  expect((await admin.patch(`/admin/api/staff/${id}`, { role: 'admin' })).status).toBe(409);
  expect((await admin.post(`/admin/api/staff/${id}/password`)).status).toBe(409);
  expect((await admin.patch(`/admin/api/staff/${id}`, { disabled: true })).status).toBe(200);
  expect((await whoIs(browser)).signedIn).toBe(false);
  expect(await signIn(browser, one)).toBe('/admin/?signInFailed=not-allowed');
  expect((await new Browser(service).signIn(one.email as string, 'xxxxxxxxxxxx')).status).toBe(401);
});

test('an e-mail address gives no access to another person’s local account with that login', async () => {
  const { id } = await addPerson(service, { login: 'taken@example.com', role: 'admin' });
  const browser = new Browser(service);
  await signIn(browser, person({ email: 'taken@example.com', groups: ['support-team'] }));
  const { staff } = await whoIs(browser);
  expect(staff['id']).not.toBe(id);
  expect(staff).toMatchObject({ login: expect.stringMatching(/^oidc-[0-9a-f]{12}$/), role: 'support' });
  const unverified = new Browser(service);
  const claimed = { email: 'ceo@example.com', email_verified: false, groups: ['support-team'] };
  await signIn(unverified, person(claimed));
  expect((await whoIs(unverified)).staff['login']).toMatch(/^oidc-/);
});

test('a sign-in creates a new session and ends the browser’s previous one', async () => {
  const browser = await browserOf(service, 'viewer');
  const before = new Browser(service);
  for (const pair of browser.cookies) before.cookies.set(...pair);
  await signIn(browser, person({ groups: ['audit'] }));
  expect((await whoIs(browser)).staff['role']).toBe('auditor');
  expect((await whoIs(before)).signedIn).toBe(false);
});

test('a person who cancels is not signed in', async () => {
  expect(await signIn(new Browser(service), undefined)).toBe('/admin/?signInFailed=refused');
});

test('a callback is accepted once, in time, in the browser that started, and with its own state', async () => {
  const one = person({ groups: ['audit'] });
  const begin = async (browser: Browser) => atProvider(locationOf(await browser.get(START)), one);
  const expired = '/admin/?signInFailed=expired';

  const browser = new Browser(service);
  const back = await begin(browser);
  const stolen = new Browser(service);
  expect(locationOf(await stolen.get(back))).toBe(expired);
  const kept = new Map(browser.cookies);
  expect(locationOf(await browser.get(back))).toBe('/admin/');
  for (const pair of kept) browser.cookies.set(...pair);
  expect(locationOf(await browser.get(back))).toBe(expired);

  const victim = new Browser(service);
  await begin(victim);
  expect(locationOf(await victim.get(await begin(new Browser(service))))).toBe('/admin/?signInFailed=refused');
  expect((await whoIs(victim)).signedIn).toBe(false);

  const late = new Browser(service);
  const lateBack = await begin(late);
  await database.pool.query(`UPDATE rollgate.sign_in_attempt SET ends_at = ends_at - interval '10 minutes'`);
  expect(locationOf(await late.get(lateBack))).toBe(expired);
});

/** Rows of the access log: outcome, method, ID of the person, how often. */
async function signInLog(condition: string, value: string): Promise<(string | number | null)[][]> {
  const text = `SELECT outcome, method, staff_id, times FROM rollgate.sign_in_log WHERE ${condition} ORDER BY id`;
  return (await database.pool.query({ text, values: [value], rowMode: 'array' })).rows;
}

test('each outcome is in the access log, and an identity that was not confirmed is counted by its address', async () => {
  const one = person({ groups: ['audit'] });
  const browser = new Browser(service);
  await signIn(browser, one);
  const { id = '' } = (await whoIs(browser)).staff;
  await browser.delete('/admin/api/session');
  await signIn(browser, one);
  await signIn(browser, { ...one, groups: ['sales'] });
  await database.pool.query('UPDATE rollgate.staff SET disabled_at = clock_timestamp() WHERE id = $1', [id]);
  await signIn(browser, one);
  const outcomes = ['signed_in', 'signed_out', 'signed_in', 'session_ended', 'oidc_refused', 'disabled'];
  expect(await signInLog('login = $1', String(one.email))).toEqual(outcomes.map((outcome) => [outcome, 'oidc', id, 1]));
  const stranger = person({ groups: [] });
  await signIn(new Browser(service), stranger);
  expect(await signInLog('login = $1', String(stranger.email))).toEqual([['oidc_refused', 'oidc', null, 1]]);

  const unconfirmed = async () =>
    (await signInLog('login IS NULL AND outcome = $1', 'oidc_refused')).reduce((all, row) => all + Number(row[3]), 0);
  const before = await unconfirmed();
  for (let n = 0; n < 2; n++) await signIn(new Browser(service), undefined);
  await until(unconfirmed, { what: 'both refusals are counted', accept: (times) => times >= before + 2 });
});

test('scripts cannot read the browser’s secret, which is short-lived and stored as a hash', async () => {
  const browser = new Browser(service);
  const [cookie] = (await browser.get(START)).headers.getSetCookie();
  expect(cookie).toMatch(/^rollgate-attempt=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
  const { rows } = await database.pool.query('SELECT row_to_json(a)::text AS row FROM rollgate.sign_in_attempt a');
  for (const { row } of rows) expect(row).not.toContain(browser.cookies.get('rollgate-attempt'));
});

test.each([
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  'admin',
  'javascript:alert(1)',
])('signing in never redirects to %j', async (returnTo) => {
  const { status } = await new Browser(service).get(`${START}?returnTo=${encodeURIComponent(returnTo)}`);
  expect(status).toBe(400);
});

test('people can sign in with a password while the provider does not respond', async () => {
  expect(locationOf(await new Browser(silent).get(START))).toBe('/admin/?signInFailed=unavailable');
  const { login } = await addPerson(silent);
  expect((await new Browser(silent).signIn(login)).status).toBe(200);
});

test('no code, state or token is logged', async () => {
  const browser = new Browser(service);
  const back = await atProvider(locationOf(await browser.get(START)), person({ groups: ['audit'] }));
  await browser.get(back);
  const { searchParams } = new URL(back, service.server.url);
  for (const name of ['code', 'state']) expect(JSON.stringify(service.log)).not.toContain(searchParams.get(name));
});

// Runs last, because the instance remembers the denial.
test('starting a sign-in is limited by address, separately from passwords, and the browser returns to the screen with the wait', async () => {
  const answers = await Promise.all(Array.from({ length: 121 }, () => new Browser(service).get(START)));
  const waiting = answers.filter(({ headers }) => headers.has('retry-after'));
  expect(waiting.length).toBeGreaterThan(0);
  const [{ status, headers }] = waiting as [Answer];
  const wait = Number(headers.get('retry-after'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(61);
  expect([status, headers.get('location')]).toEqual([302, `/admin/?signInFailed=too-many&wait=${wait}`]);
  expect((await new Browser(service).signIn('nobody@example.com')).status).toBe(401);
  await until(() => signInLog('outcome = $1', 'too_many_attempts'), {
    what: 'the refusals are one row',
    accept: (rows) => JSON.stringify(rows) === JSON.stringify([['too_many_attempts', 'oidc', null, waiting.length]]),
  });
});
