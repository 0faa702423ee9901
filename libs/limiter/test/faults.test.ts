/**
 * Everything that prevents the database from deciding, except a caller's own data, is an outage, and the API's outage
 * mode applies.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import { type Limiter, LimiterUnavailableError, type Report } from '../src/index.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { allowConnections } from './allow-connections.js';
import { openSampleLimiter } from './sample-limiter.js';

const PASSWORD = 'first password';

let database: TestDatabase;
let role: string;
let limiter: Limiter | undefined;
let reports: Report[];
let roles = 0;

beforeEach(async () => {
  database = await createTestDatabase();
  reports = [];
  role = `app_${process.pid}_${++roles}`;
  await database.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}' IN ROLE rollgate_runtime`);
});
afterEach(async () => {
  await limiter?.close();
  limiter = undefined;
  await sql(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
  await database.drop();
});

const sql = (text: string) => database.pool.query(text);

function urlWith(password: string): string {
  const url = new URL(database.url);
  url.username = role;
  url.password = password;
  return url.href;
}

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<Limiter> {
  limiter = openSampleLimiter(urlWith(PASSWORD), {
    budgetMs: 2_000,
    pollEveryMs: 100,
    onReport: (report) => reports.push(report),
    ...options,
  });
  await limiter.start();
  return limiter;
}

const request = (account = 'acme') => ({ account, api: 'publish-bot', dimensions: { bot: 'b' } });
const modeOf = async (of: Limiter) => (await of.acquire(request())).mode;

const isNormalAgain = { what: 'the database decides again', details: () => reports };

const endSessions = () => sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);

/** A fault: `begin` creates it and `end` repairs it. */
interface Fault {
  readonly name: string;
  readonly options?: Partial<PostgresLimiterOptions>;
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  readonly reason: RegExp;
}

const current = () => `"${new URL(database.url).pathname.slice(1)}"`;

const FAULTS: readonly Fault[] = [
  {
    name: 'a rotated password (28P01)',
    begin: () => sql(`ALTER ROLE ${role} PASSWORD 'another'`),
    end: () => sql(`ALTER ROLE ${role} PASSWORD '${PASSWORD}'`),
    reason: /password authentication failed/,
  },
  {
    name: 'a role that may not log in any more (28000)',
    begin: () => sql(`ALTER ROLE ${role} NOLOGIN`),
    end: () => sql(`ALTER ROLE ${role} LOGIN`),
    reason: /not permitted to log in/,
  },
  {
    name: 'an expired password (28P01)',
    begin: () => sql(`ALTER ROLE ${role} VALID UNTIL '2020-01-01'`),
    end: () => sql(`ALTER ROLE ${role} VALID UNTIL 'infinity'`),
    reason: /password authentication failed/,
  },
  {
    name: 'a database that allows no connections (55000)',
    begin: () => allowConnections(database.url, false),
    end: () => allowConnections(database.url, true),
    reason: /not currently accepting connections/,
  },
  {
    name: 'a role at its connection limit (53300)',
    begin: () => sql(`ALTER ROLE ${role} CONNECTION LIMIT 0`),
    end: () => sql(`ALTER ROLE ${role} CONNECTION LIMIT -1`),
    reason: /too many connections for role/,
  },
  {
    name: 'a right to connect that was revoked (42501)',
    begin: () => sql(`REVOKE CONNECT ON DATABASE ${current()} FROM PUBLIC`),
    end: () => sql(`GRANT CONNECT ON DATABASE ${current()} TO PUBLIC`),
    reason: /permission denied for database/,
  },
  {
    name: 'an isolation level that can not decide (25000)',
    // Through a pooler the limiter can't set this itself.
    options: { pooled: true },
    begin: () => sql(`ALTER ROLE ${role} SET default_transaction_isolation = 'repeatable read'`),
    end: () => sql(`ALTER ROLE ${role} RESET default_transaction_isolation`),
    reason: /READ COMMITTED only/,
  },
];

test.each(FAULTS)(
  'during $name, the outage mode decides until the fault is repaired',
  async ({ options, begin, end, reason }) => {
    const of = await open(options);
    await begin();
    await endSessions();
    // The limiter notices first that its connections are lost: otherwise that would be the reason.
    await wait(200);
    await until(async () => (await of.acquire(request())).mode.startsWith('fallback'), {
      what: 'a call is decided without the database',
      details: () => reports,
    });
    const isFallback = async () => {
      await of.acquire(request());
      return of.state().mode === 'fallback';
    };
    await until(isFallback, { what: 'the outage mode decides', details: () => reports });
    expect(of.state().reason).toMatch(reason);
    expect(reports.filter(({ topic }) => topic === 'database')).toEqual([
      { topic: 'database', level: 'error', message: expect.stringMatching(reason) },
    ]);
    await end();
    await until(() => of.state().mode === 'normal', isNormalAgain);
    expect(await modeOf(of)).toBe('enforced');
    expect(reports.filter(({ topic }) => topic === 'database').map(({ level }) => level)).toEqual(['error', 'info']);
  },
  90_000,
);

const STATEMENT_FAULTS = [
  {
    name: 'a revoked EXECUTE (42501)',
    begin: (f: string) => `REVOKE EXECUTE ON FUNCTION ${f} FROM rollgate_runtime`,
    end: (f: string) => `GRANT EXECUTE ON FUNCTION ${f} TO rollgate_runtime`,
    reason: /permission denied for function acquire/,
  },
  {
    name: 'a function that is missing (42883)',
    begin: (f: string) => `ALTER FUNCTION ${f} RENAME TO acquire_gone`,
    end: (f: string) => `ALTER FUNCTION ${f.replace('acquire', 'acquire_gone')} RENAME TO acquire`,
    reason: /function rollgate\.acquire\(.*\) does not exist/,
  },
];

test.each(STATEMENT_FAULTS)(
  'during $name, the outage mode decides until the fault is repaired',
  async ({ begin, end, reason }) => {
    const of = await open();
    const { rows } = await database.pool.query<{ f: string }>(
      `SELECT 'rollgate.acquire'::regproc::oid::regprocedure::text AS f`,
    );
    const f = rows[0]?.f as string;
    await sql(begin(f));
    for (let i = 0; i < 4; i++) expect((await of.acquire(request())).mode).toBe('fallback_allowed');
    expect(of.state()).toMatchObject({ mode: 'fallback', reason: expect.stringMatching(reason) });
    expect(reports.filter(({ topic }) => topic === 'database')).toEqual([
      { topic: 'database', level: 'error', message: expect.stringMatching(reason) },
    ]);
    await sql(end(f));
    await until(() => of.state().mode === 'normal', isNormalAgain);
    expect(await modeOf(of)).toBe('enforced');
  },
  90_000,
);

test('calls of APIs with outage mode closed are rejected as unavailable, never denied', async () => {
  const of = await open({ outage: { default: 'closed' } });
  await sql(`ALTER ROLE ${role} NOLOGIN`);
  await endSessions();
  const isRejected = async () => {
    const failed = await of.acquire(request()).then(
      () => undefined,
      (error: unknown) => error,
    );
    return failed instanceof LimiterUnavailableError;
  };
  await until(isRejected, { what: 'a call is rejected as unavailable', details: () => reports });
  await sql(`ALTER ROLE ${role} LOGIN`);
}, 90_000);

test.each([
  ['a URL', (password: () => string) => ({ databaseUrl: () => urlWith(password()) })],
  ['a URL that is fetched', (password: () => string) => ({ databaseUrl: async () => urlWith(password()) })],
  ['a password', (password: () => string) => ({ databaseUrl: urlWith(''), password: async () => password() })],
])(
  '%s may come from a function, so a rotated password needs no restart',
  async (_, optionsOf) => {
    let password = PASSWORD;
    const of = await open(optionsOf(() => password));
    expect(await modeOf(of)).toBe('enforced');
    password = 'the next one';
    await sql(`ALTER ROLE ${role} PASSWORD '${password}'`);
    await endSessions();
    await until(async () => (await of.acquire(request(`again-${Math.random()}`))).mode === 'enforced', isNormalAgain);
    expect(await of.refreshPolicy()).toBe(true);
    expect(await of.peek(request())).toMatchObject({ account: 'acme' });
  },
  90_000,
);
