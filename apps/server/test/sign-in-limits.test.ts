import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { waitText } from '@rollgate/contract';
import type { Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { LIMITER } from '../src/limiting/limiter-token.js';
import { DEFAULT_SIGN_IN_LIMITS } from '../src/limiting/staff-limits.js';
import { addPerson, Browser, PASSWORD } from './browser.js';
import { type Answer, startService, type TestService } from './start-service.js';

let database: TestDatabase;
let service: TestService;

beforeEach(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url, trustProxy: 1 });
});

afterEach(async () => {
  await service?.server.close();
  await database?.drop();
});

const signIn = (login: string, address: string, password = 'not the password'): Promise<Answer> =>
  new Browser(service).post('/admin/api/session', { login, password }, { 'x-forwarded-for': address });

const times = async (n: number, attempt: () => Promise<Answer>): Promise<number[]> =>
  (await Promise.all(Array.from({ length: n }, attempt))).map(({ status }) => status).sort();

test('after ten attempts a minute at a login from one address, even the right password gets a 429 with the time to retry', async () => {
  const { login } = await addPerson(service);
  const statuses = await times(12, () => signIn(login, '203.0.113.7'));
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  const denied = await signIn(login, '203.0.113.7', PASSWORD);
  expect(denied.status).toBe(429);
  expect(denied.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const retryAfter = Number(denied.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThan(50);
  expect(retryAfter).toBeLessThanOrEqual(61);
  expect(denied.body).toMatchObject({ title: 'Too Many Requests', retryAfterSeconds: retryAfter });
  // Others are not locked out: the same login from another address, or another login from this one, still works.
  expect((await signIn(login, '203.0.113.8', PASSWORD)).status).toBe(200);
  expect((await signIn((await addPerson(service)).login, '203.0.113.7', PASSWORD)).status).toBe(200);
});

test('the limit of an address is much higher than that of a login, so one visitor’s failures do not block others behind it', async () => {
  const { login } = await addPerson(service);
  let n = 0;
  const statuses = await times(40, () => signIn(`guess-${++n}@example.com`, '203.0.113.7'));
  expect(statuses).toEqual(Array(40).fill(401));
  expect((await signIn(login, '203.0.113.7', PASSWORD)).status).toBe(200);
});

test('an address waits for at most a minute, because its default hour limit is 60 minute limits, and an IPv6 address is its /64', async () => {
  const { perAddress, perLogin } = DEFAULT_SIGN_IN_LIMITS;
  expect(perAddress.perHour).toBe(60 * perAddress.perMinute);
  const signIns = { perLogin, perAddress: { perMinute: 5, perHour: 300 } };
  const own = await startService({ databaseUrl: database.url, trustProxy: 1, signIn: signIns });
  try {
    let n = 0;
    const attempt = (address: string) =>
      new Browser(own).post(
        '/admin/api/session',
        { login: `guess-${++n}@example.com`, password: 'not it' },
        { 'x-forwarded-for': address },
      );
    const statuses = await times(7, () => attempt(`2001:db8:1:2::${n.toString(16)}`));
    expect(statuses).toEqual([...Array(5).fill(401), 429, 429]);
    expect((await attempt('2001:db8:1:3::1')).status).toBe(401);
    expect(Number((await attempt('2001:db8:1:2::1')).headers.get('retry-after'))).toBeLessThanOrEqual(61);
  } finally {
    await own.server.close();
  }
});

test('guesses at one login are counted together across all addresses', async () => {
  let n = 0;
  const statuses = await times(52, () => signIn('ann@example.com', `203.0.113.${++n}`));
  expect(statuses).toEqual([...Array(50).fill(401), 429, 429]);
  expect((await signIn('bob@example.com', '203.0.113.1')).status).toBe(401);
});

test('a correct password uses up no attempt', async () => {
  const { login } = await addPerson(service);
  for (let n = 0; n < 12; n++) expect((await signIn(login, '203.0.113.7', PASSWORD)).status).toBe(200);
  const { rows } = await database.pool.query<{ subject: string }>(
    'SELECT subject FROM rollgate.counter WHERE total > 0',
  );
  expect(rows).toEqual([]);
});

test('attempts at a login that must wait do not use up the limit of the address', async () => {
  expect(await times(140, () => signIn('a@example.com', '203.0.113.7'))).toEqual([
    ...Array(10).fill(401),
    ...Array(130).fill(429),
  ]);
  expect((await signIn('b@example.com', '203.0.113.7')).status).toBe(401);
});

test('the wait is given as text, in seconds and in Retry-After', async () => {
  const own = await startService({
    databaseUrl: database.url,
    signIn: { perLogin: { perMinute: 60, perHour: 1 }, perAddress: DEFAULT_SIGN_IN_LIMITS.perAddress },
  });
  try {
    const attempt = () => new Browser(own).post('/admin/api/session', { login: 'a@example.com', password: 'not it' });
    expect((await attempt()).status).toBe(401);
    const { headers, body } = await attempt();
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(3_590);
    expect(body['retryAfterSeconds']).toBe(seconds);
    expect(body['message']).toBe(`Too many attempts to sign in. Try again in ${waitText(seconds * 1000)}.`);
  } finally {
    await own.server.close();
  }
});

test('an IPv4 address written as IPv6 is the same address', async () => {
  expect(await times(6, () => signIn('a@example.com', '203.0.113.7'))).toEqual(Array(6).fill(401));
  expect(await times(5, () => signIn('a@example.com', '::ffff:203.0.113.7'))).toEqual([...Array(4).fill(401), 429]);
});

test('once the attempts have left the minute window, sign-in works again', async () => {
  const { login } = await addPerson(service);
  await times(11, () => signIn(login, '203.0.113.7'));
  const limiter = service.server.app.get<Limiter>(LIMITER, { strict: false });
  const dimensions = { login, address: '203.0.113.7' };
  await limiter.reset({ account: '_rollgate', api: 'staff-sign-in', dimensions });
  expect((await signIn(login, '203.0.113.7', PASSWORD)).status).toBe(200);
});

test('the service’s own limits appear in no catalogue and on no screen', async () => {
  await signIn('a@example.com', '203.0.113.7');
  const { rows } = await database.pool.query<{ apis: number; own: number }>(
    `SELECT count(*)::int AS apis, count(*) FILTER (WHERE group_id = 'rollgate-staff')::int AS own FROM rollgate.catalogue`,
  );
  expect(rows).toEqual([{ apis: 78, own: 0 }]);
  const counted = await database.pool.query<{ subject: string }>('SELECT subject FROM rollgate.counter ORDER BY 1');
  expect(counted.rows.map(({ subject }) => subject)).toEqual([
    '_rollgate/staff-sign-in-address/address=203.0.113.7',
    '_rollgate/staff-sign-in-anywhere/login=a@example.com',
    '_rollgate/staff-sign-in/login=a@example.com,address=203.0.113.7',
  ]);
});

test('the limits can be changed by settings', async () => {
  const limits = { perLogin: { perMinute: 2, perHour: 60 }, perAddress: { perMinute: 3, perHour: 200 } };
  const strict = await startService({ databaseUrl: database.url, trustProxy: 1, signIn: limits });
  try {
    const attempt = (login: string) => () =>
      new Browser(strict).post(
        '/admin/api/session',
        { login, password: 'not it' },
        { 'x-forwarded-for': '203.0.113.9' },
      );
    expect(await times(3, attempt('a@example.com'))).toEqual([401, 401, 429]);
    expect(await times(3, attempt('b@example.com'))).toEqual([401, 429, 429]);
  } finally {
    await strict.server.close();
  }
});

test('X-Forwarded-For from an untrusted peer is ignored, and logged once per peer with the setting to change', async () => {
  const warnings = ({ log }: TestService) => log.filter(({ msg }) => String(msg).includes('X-Forwarded-For'));
  const untrusting = await startService({ databaseUrl: database.url });
  try {
    for (let n = 0; n < 3; n++) await untrusting.call('/healthz', { headers: { 'x-forwarded-for': `203.0.113.${n}` } });
    expect(warnings(untrusting)).toEqual([
      expect.objectContaining({
        level: 40,
        peer: '127.0.0.1',
        msg:
          'X-Forwarded-For from 127.0.0.1 is ignored, so everybody behind it counts as one address: ' +
          'if it is your proxy, set ROLLGATE_TRUST_PROXY=127.0.0.1 or to its network',
      }),
    ]);
    await service.call('/healthz', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(warnings(service)).toEqual([]);
  } finally {
    await untrusting.server.close();
  }
});

test('the limiter closes with the service', async () => {
  const limiter = service.server.app.get<Limiter>(LIMITER, { strict: false });
  await service.server.close();
  await expect(limiter.peek({ account: 'a', api: 'get-bots' })).rejects.toThrow('closed');
});
