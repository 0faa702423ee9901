/** Every sign-in, failed attempt, sign-out, end of a session and use of a token is in the access log. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { AUTHOR, addPerson, Browser, browserAs, browserOf, PASSWORD } from './browser.js';
import { type OwnService, startOwnService } from './start-service.js';

interface Row {
  readonly outcome: string;
  readonly method: string;
  readonly login: string | null;
  readonly staff_id: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
  readonly times: number;
}

let service: OwnService;
beforeAll(async () => {
  service = await startOwnService({ trustProxy: 1 });
});
afterAll(() => service?.stop());

let addresses = 0;
const newAddress = () => `203.0.113.${++addresses}`;
const from = (address: string) => ({ 'x-forwarded-for': address, 'user-agent': 'Firefox' });

const signIn = (login: string, { address = newAddress(), password = PASSWORD, browser = new Browser(service) } = {}) =>
  browser.post('/admin/api/session', { login, password }, from(address));

/** The rows of the log, oldest first. */
async function rows(column: 'login' | 'address', value: string): Promise<Row[]> {
  const found = await service.database.pool.query<Row>(
    `SELECT outcome, method, login, staff_id, address, user_agent, request_id, times FROM rollgate.sign_in_log
     WHERE ${column} = $1 ORDER BY id`,
    [value],
  );
  return found.rows;
}

const outcomes = async (login: string) => (await rows('login', login)).map(({ outcome }) => outcome);

test.each([
  ['signed_in', PASSWORD, false],
  ['wrong_password', 'not the password', false],
  ['disabled', PASSWORD, true],
  ['wrong_password', 'not the password', true],
])('a sign-in is recorded as %s, with the person and where it came from', async (outcome, password, disabled) => {
  const { id, login } = await addPerson(service);
  if (disabled)
    await service.database.pool.query('UPDATE rollgate.staff SET disabled_at = clock_timestamp() WHERE id = $1', [id]);
  const address = newAddress();
  const { headers } = await signIn(login, { address, password });
  expect(await rows('login', login)).toEqual([
    {
      outcome,
      method: 'password',
      login,
      staff_id: id,
      address,
      user_agent: 'Firefox',
      request_id: headers.get('x-request-id'),
      times: 1,
    },
  ]);
});

test('an attempt with an unknown login is recorded with the login as typed', async () => {
  const login = 'no-such-person@example.com';
  expect((await signIn(login)).status).toBe(401);
  expect(await rows('login', login)).toMatchObject([{ outcome: 'unknown', staff_id: null, times: 1 }]);
});

test('a flood of attempts beyond the limit is one row for the address, and counts every attempt', async () => {
  const address = newAddress();
  const login = 'guessed@example.com';
  const attempts = await Promise.all(
    Array.from({ length: 150 }, () => signIn(login, { address, password: 'not the password' })),
  );
  const refused = attempts.filter(({ status }) => status === 429).length;
  expect(refused).toBeGreaterThan(100);
  const written = await until(
    async () => (await rows('address', address)).filter(({ outcome }) => outcome === 'too_many_attempts'),
    {
      what: 'every refused attempt is counted',
      accept: (found) => found.reduce((all, { times }) => all + times, 0) === refused,
    },
  );
  expect(written).toMatchObject([{ login: null, staff_id: null, user_agent: 'Firefox', times: refused }]);
  expect(await outcomes(login)).toEqual(Array(150 - refused).fill('unknown'));
});

test('a new minute gets a new row', async () => {
  const note = `SELECT rollgate.note_sign_in('too_many_attempts', 'password', NULL, NULL, '198.51.100.1', NULL, NULL, 5)`;
  const { pool } = service.database;
  for (let n = 0; n < 2; n++) await pool.query(note);
  await pool.query(
    `UPDATE rollgate.sign_in_log SET first_at = first_at - interval '1 minute' WHERE address = '198.51.100.1'`,
  );
  await pool.query(note);
  expect((await rows('address', '198.51.100.1')).map(({ times }) => times)).toEqual([10, 5]);
});

test('signing out, here or everywhere, is recorded for each session', async () => {
  const { id, login } = await addPerson(service);
  const [one, two] = [await browserAs(service, id), await browserAs(service, id)];
  const { headers } = await one.delete('/admin/api/session');
  const signedOut = { outcome: 'signed_out', method: 'password', staff_id: id, address: '127.0.0.1' };
  expect(await rows('login', login)).toMatchObject([{ ...signedOut, request_id: headers.get('x-request-id') }]);
  await browserAs(service, id);
  await two.delete('/admin/api/sessions');
  expect(await rows('login', login)).toMatchObject(Array(3).fill(signedOut));
});

test('the end of a session by a new sign-in, an admin, a new password or its age is recorded', async () => {
  const admin = await browserOf(service, 'admin');
  const { id, login } = await addPerson(service);
  const browser = new Browser(service);
  await signIn(login, { browser });
  await signIn(login, { browser });
  expect(await outcomes(login)).toEqual(['signed_in', 'session_ended', 'signed_in']);
  await admin.post(`/admin/api/staff/${id}/password`, { password: PASSWORD });
  expect((await outcomes(login)).slice(3)).toEqual(['session_ended']);
  await signIn(login);
  await service.database.pool.query(
    `UPDATE rollgate.staff_session SET ends_at = clock_timestamp() - interval '1 s' WHERE staff_id = $1`,
    [id],
  );
  await signIn(login);
  expect((await outcomes(login)).slice(4)).toEqual(['signed_in', 'session_ended', 'signed_in']);
  await admin.patch(`/admin/api/staff/${id}`, { disabled: true });
  expect((await outcomes(login)).slice(7)).toEqual(['session_ended']);
});

test('a wrong current password in a change of the password is recorded', async () => {
  const browser = await browserOf(service, 'support');
  const body = { current: 'not the password', password: 'four words of my own choice' };
  expect((await browser.post('/admin/api/session/password', body)).status).toBe(422);
  expect(await outcomes(browser.login)).toEqual(['wrong_password']);
});

test('uses of a token are one row for each address, and refused tokens are one row for each address', async () => {
  const tokens = service.server.app.get(ServiceTokens, { strict: false });
  const spec = { name: 'reporting', permissions: ['accounts.read'], role: 'support', expiresAt: null } as const;
  const { secret, token } = await tokens.create(spec, AUTHOR);
  const use = (address: string, bearer = secret) =>
    service.call('/admin/api/accounts', { headers: { authorization: `Bearer ${bearer}`, ...from(address) } });
  const [one, other] = [newAddress(), newAddress()];
  for (const address of [one, one, one, other]) expect((await use(address)).status).toBe(200);
  await tokens.revoke(token.id, AUTHOR);
  for (let n = 0; n < 4; n++) expect((await use(other)).status).toBe(401);
  const times = async () => (await rows('address', other)).reduce((all, row) => all + row.times, 0);
  await until(times, { what: 'all calls are counted', accept: (all) => all === 5 });
  expect(await rows('login', 'reporting')).toMatchObject([
    { outcome: 'token_used', method: 'token', address: one, times: 3 },
    { outcome: 'token_used', method: 'token', address: other, times: 1 },
  ]);
  expect(await rows('address', other)).toMatchObject([
    { outcome: 'token_used' },
    { outcome: 'token_refused', method: 'token', login: null, times: 4 },
  ]);
});

test('what was counted is written when the service stops', async () => {
  const own = await startOwnService();
  try {
    await own.call('/admin/api/accounts', { headers: { authorization: 'Bearer rgt_wrong' } });
    await own.server.close();
    const { rows: written } = await own.database.pool.query('SELECT outcome, times FROM rollgate.sign_in_log');
    expect(written).toEqual([{ outcome: 'token_refused', times: 1 }]);
  } finally {
    await own.stop();
  }
});

test('what was counted while the log could not be written is written later, and this is logged once', async () => {
  const { pool } = service.database;
  const address = newAddress();
  const headers = { authorization: 'Bearer rgt_wrong', ...from(address) };
  const late = () => service.log.filter(({ msg }) => msg === 'counted events of the access log will be written later');
  await pool.query('ALTER TABLE rollgate.sign_in_log RENAME TO mislaid');
  try {
    await service.call('/admin/api/accounts', { headers });
    await until(async () => late().length, { what: 'the service reports that it writes later' });
    await service.call('/admin/api/accounts', { headers });
  } finally {
    await pool.query('ALTER TABLE rollgate.mislaid RENAME TO sign_in_log');
  }
  await until(async () => (await rows('address', address)).reduce((all, { times }) => all + times, 0) === 2, {
    what: 'both refusals are counted',
  });
  expect(late()).toHaveLength(1);
});

test('an attempt that can not be recorded gets the same answer, and the failure is logged and counted', async () => {
  const { pool } = service.database;
  const failures = async () =>
    Number(/^rollgate_access_log_failures_total (\d+)$/m.exec((await service.call('/metrics')).text)?.[1]);
  const before = await failures();
  await pool.query('ALTER TABLE rollgate.sign_in_log RENAME TO mislaid');
  try {
    const { status, body } = await signIn('another@example.com');
    expect([status, body['message']]).toEqual([401, 'Login or password is wrong.']);
  } finally {
    await pool.query('ALTER TABLE rollgate.mislaid RENAME TO sign_in_log');
  }
  expect(await failures()).toBeGreaterThan(before);
  expect(service.log).toContainEqual(
    expect.objectContaining({ level: 50, what: 'unknown', msg: 'the access log could not be written' }),
  );
});
