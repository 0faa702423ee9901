import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { LIMITER } from '../src/limiting/limiting.module.js';
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

test('ten attempts a minute at a login from one address; then 429 with when to try again, also with the password', async () => {
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
  // Nobody is locked out by others: the same login from elsewhere, another one from there.
  expect((await signIn(login, '203.0.113.8', PASSWORD)).status).toBe(200);
  expect((await signIn((await addPerson(service)).login, '203.0.113.7', PASSWORD)).status).toBe(200);
});

test('thirty attempts a minute from one address, whatever the logins; an IPv6 address is its /64', async () => {
  let n = 0;
  const statuses = await times(32, () => signIn(`guess-${++n}@example.com`, `2001:db8:1:2::${n.toString(16)}`));
  expect(statuses).toEqual([...Array(30).fill(401), 429, 429]);
  expect((await signIn('more@example.com', '2001:db8:1:3::1')).status).toBe(401);
});

test('an IPv4 address written as IPv6 is the same one', async () => {
  expect(await times(6, () => signIn('a@example.com', '203.0.113.7'))).toEqual(Array(6).fill(401));
  expect(await times(5, () => signIn('a@example.com', '::ffff:203.0.113.7'))).toEqual([...Array(4).fill(401), 429]);
});

test('once the attempts have left the minute, the door is open again', async () => {
  const { login } = await addPerson(service);
  await times(11, () => signIn(login, '203.0.113.7'));
  const limiter = service.server.app.get<Limiter>(LIMITER, { strict: false });
  const dimensions = { login, address: '203.0.113.7' };
  await limiter.reset({ account: '_rollgate', api: 'staff-sign-in', dimensions });
  expect((await signIn(login, '203.0.113.7', PASSWORD)).status).toBe(200);
});

test('the service’s own limits stand in no catalogue and on no screen', async () => {
  await signIn('a@example.com', '203.0.113.7');
  const { rows } = await database.pool.query<{ apis: number; own: number }>(
    `SELECT count(*)::int AS apis, count(*) FILTER (WHERE group_id = 'rollgate-staff')::int AS own FROM rollgate.catalogue`,
  );
  expect(rows).toEqual([{ apis: 78, own: 0 }]);
  const counted = await database.pool.query<{ subject: string }>('SELECT subject FROM rollgate.counter ORDER BY 1');
  expect(counted.rows.map(({ subject }) => subject)).toEqual([
    '_rollgate/staff-sign-in-address/address=203.0.113.7',
    '_rollgate/staff-sign-in/login=a@example.com,address=203.0.113.7',
  ]);
});

test('the limits are settings', async () => {
  const limits = { perLogin: { perMinute: 2, perHour: 60 }, perAddress: { perMinute: 4, perHour: 200 } };
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

test('the limiter ends with the service', async () => {
  const limiter = service.server.app.get<Limiter>(LIMITER, { strict: false });
  await service.server.close();
  await expect(limiter.peek({ account: 'a', api: 'get-bots' })).rejects.toThrow('closed');
});
