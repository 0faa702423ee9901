/** Data for every screen: accounts in all states, overrides, limit requests, an edited API, a token. */
import { until } from '@rollgate/testing';
import { calls, inHours } from '../../server/test/admin-traffic.js';
import { Browser } from '../../server/test/browser.js';
import { type Desk, type Person } from './desk.js';

export interface Team {
  readonly viewer: Person;
  readonly support: Person;
  readonly other: Person;
  readonly auditor: Person;
  readonly admin: Person;
  /** IDs of what was created. */
  readonly override: string;
  readonly request: string;
  readonly denial: string;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read single fields of untyped answers
type Json = Record<string, any>;

export async function post(
  person: Person,
  path: string,
  body: unknown,
  headers?: Record<string, string>,
): Promise<Json> {
  const answer = await person.http.post(`/admin/api/${path}`, body, headers);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** Creates staff of each role, traffic, and everything that the screens show. */
export async function gather(desk: Desk): Promise<Team> {
  const [viewer, support, other, auditor, admin] = await Promise.all([
    desk.person('viewer'),
    desk.person('support'),
    desk.person('support'),
    desk.person('auditor'),
    desk.person('admin'),
  ]);
  await makeTraffic(desk);
  await makeSignIns(desk, support);
  const override = await makeOverrides({ support, admin });
  const request = await makeRequests(other);
  await admin.http.patch(
    '/admin/api/catalogue/upload-file',
    { perMinute: 90, reason: 'Measured: the storage can take it' },
    { 'if-match': '"1"' },
  );
  await makePlans(admin);
  await post(admin, 'tokens', { name: 'billing', permissions: ['accounts.read'], expiresAt: inHours(2_000) });
  return { viewer, support, other, auditor, admin, override, request, denial: await newestDenial(support) };
}

async function makeSignIns({ service }: Desk, { login }: Person): Promise<void> {
  const browser = new Browser(service);
  await browser.signIn(login, 'not the password');
  await browser.signIn(login);
}

async function makeTraffic({ limiter }: Desk): Promise<void> {
  await calls(limiter, 72);
  await calls(limiter, 21, { bot: 'b-2' });
  await calls(limiter, 44, { api: 'upload-file', bot: 'b-2' });
  await calls(limiter, 52, { account: 'globex', bot: 'g-1' });
  await calls(limiter, 57, { account: 'initech', bot: 'i-9', api: 'upload-file' });
}

/** Resolves to the ID of the first one. */
async function makeOverrides({ support, admin }: Pick<Team, 'support' | 'admin'>): Promise<string> {
  const made = await post(support, 'overrides', {
    account: 'globex',
    api: 'publish-bot',
    perMinute: 300,
    perHour: 9_000,
    expiresAt: inHours(20),
    reason: 'Launch of their winter campaign',
    ticket: 'SUP-1234',
  });
  await post(admin, 'overrides', { account: 'hooli', factor: 4, reason: 'Contract of 2026, annex B' });
  await post(admin, 'overrides', {
    account: 'umbrella',
    api: 'publish-bot',
    dimensions: { bot: 'u-4' },
    perMinute: 0,
    allowLowering: true,
    expiresAt: inHours(3),
    reason: 'Runaway script, blocked as the customer requested',
  });
  return made['override'].id;
}

async function makePlans(admin: Person): Promise<void> {
  await post(admin, 'plans', {
    id: 'pro',
    title: 'Pro',
    description: 'For teams with their own support',
    limits: [{ factor: 2 }, { api: 'publish-bot', perMinute: 300, perHour: 9_000 }],
    reason: 'Price list of 2026',
  });
  await post(admin, 'plans', { id: 'free', title: 'Free', limits: [{ factor: 0.5 }], reason: 'Price list of 2026' });
  for (const account of ['initech', 'hooli']) {
    await post(admin, `accounts/${account}/plan`, { plan: 'pro', reason: 'Signed the contract' });
  }
}

/** Resolves to the ID of the first one. */
async function makeRequests(other: Person): Promise<string> {
  const sent = await post(other, 'requests', {
    account: 'acme',
    api: 'publish-bot',
    perMinute: 240,
    perHour: 6_000,
    until: inHours(72),
    reason: 'We launch on Monday and expect four times the traffic.',
    ticket: 'SUP-1300',
  });
  await post(other, 'requests', {
    account: 'initech',
    api: 'upload-file',
    perMinute: 120,
    reason: 'Nightly import got larger.',
  });
  return sent['request'].id;
}

/** Waits until the denials of acme are recorded. Resolves to the ID of the newest one. */
async function newestDenial({ http }: Person): Promise<string> {
  const newest = async () => {
    const { body } = await http.get('/admin/api/limit-events?account=acme');
    return (body as Json)['items'][0]?.id as string | undefined;
  };
  return String(await until(newest, { what: 'a denial is recorded' }));
}

export interface Screen {
  readonly name: string;
  readonly path: string;
  /** The role that opens it; support by default. */
  readonly by?: 'admin' | 'auditor';
  /** A selector that matches once the screen has loaded. */
  readonly shows: string;
}

/** Other limits of the plan Pro. */
const PRO = encodeURIComponent('[{"factor":0.2},{"api":"publish-bot","perMinute":300,"perHour":9000}]');

export function screensOf({ override, request, denial }: Team): Screen[] {
  return [
    { name: 'find', path: '?q=acme', shows: '.found' },
    { name: 'account', path: 'accounts/acme', shows: '[role=meter]' },
    { name: 'which', path: 'accounts/globex?which=globex%2Fpublish-bot%2Fbot%3Dg-1', shows: '[data-applies]' },
    { name: 'account-empty', path: 'accounts/nobody', shows: 'pre.code' },
    { name: 'raise', path: 'accounts/acme?raise=acme&raiseApi=publish-bot&raiseFor=bot%3Db-1', shows: '[data-effect]' },
    { name: 'raise-account', path: 'accounts/globex?raise=globex', shows: '[data-effect]' },
    { name: 'requests', path: `requests?id=${request}`, shows: '.request' },
    { name: 'approve', path: `requests?id=${request}&do=approve`, shows: '[role=dialog] form' },
    { name: 'overrides', path: 'overrides', shows: 'td' },
    { name: 'import', path: 'overrides/import', shows: 'main form' },
    { name: 'override', path: `overrides?edit=${override}`, shows: '[role=dialog] form' },
    { name: 'denials', path: 'denied', shows: 'td' },
    { name: 'denial', path: `denied?account=acme&id=${denial}`, shows: '[data-sentence]' },
    { name: 'near', path: 'near', shows: '[role=meter]' },
    { name: 'history', path: 'history', shows: 'td' },
    { name: 'access', path: 'access', by: 'auditor', shows: 'td' },
    { name: 'sign-ins', path: 'access?tab=sign-ins', by: 'auditor', shows: 'td' },
    { name: 'catalogue', path: 'catalogue?group=bot-definition', by: 'admin', shows: 'td' },
    { name: 'catalogue-edit', path: 'catalogue?edit=publish-bot', by: 'admin', shows: '[role=dialog] form' },
    { name: 'plans', path: 'plans', shows: 'td' },
    { name: 'plan', path: 'plans?show=pro', shows: '[role=dialog] td' },
    { name: 'plan-edit', path: 'plans?edit=pro', by: 'admin', shows: '[role=dialog] [data-effect]' },
    { name: 'what-if', path: 'what-if?change=default&api=publish-bot&perMinute=40', shows: '[data-totals]' },
    { name: 'what-if-plan', path: `what-if?change=plan&plan=pro&limits=${PRO}&by=subject`, shows: '[data-totals]' },
    { name: 'staff', path: 'staff', by: 'admin', shows: 'td' },
    { name: 'tokens', path: 'staff?tab=tokens', by: 'auditor', shows: 'td' },
  ];
}
