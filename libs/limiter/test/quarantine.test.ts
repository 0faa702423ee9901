/** A server that is not what it was: another clock, another timeline. Told by the database, as a real one would. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { createPostgresLimiter } from '../src/postgres-limiter.js';

let database: TestDatabase;
let limiter: Limiter;
let alarms: string[];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  alarms = [];
  await server('0', `'00000001'`);
  limiter = createPostgresLimiter({
    databaseUrl: database.url,
    janitor: false,
    budgetMs: 20_000,
    pollEveryMs: 3_600_000,
    onError: (error) => alarms.push((error as Error).message),
  });
  await limiter.refreshPolicy();
});
afterEach(() => limiter.close());

const server = (aheadMs: string, timeline: string) =>
  database.pool.query(`
    CREATE OR REPLACE FUNCTION rollgate.server_state() RETURNS TABLE (now_ms float8, timeline text) LANGUAGE sql VOLATILE AS
    $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 + ${aheadMs}, ${timeline}::text $$`);
const limit = async () =>
  (await limiter.limitsOf({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b' } })).limits;

test('as it was: full limits, no alarm', async () => {
  await limiter.refreshPolicy();
  expect(await limit()).toEqual({ perMinute: 60, perHour: 1800 });
  expect([alarms, limiter.state().mode]).toEqual([[], 'normal']);
});

test('a clock that jumps ahead by more than a second: an alarm, and half limits', async () => {
  await server('61000', `'00000001'`);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual({ perMinute: 30, perHour: 900 });
  expect(limiter.state()).toMatchObject({
    mode: 'quarantine',
    reason: expect.stringMatching(/clock went 6\d\d\d\d ms ahead/),
  });
  expect(alarms).toEqual([expect.stringMatching(/half limits for 61 s/)]);
  // The new time is the time from now on.
  await limiter.refreshPolicy();
  expect(alarms).toHaveLength(1);
});

test('a clock that goes back: an alarm; windows hold by themselves', async () => {
  await server('-90000', `'00000001'`);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual({ perMinute: 60, perHour: 1800 });
  expect(alarms).toEqual([expect.stringMatching(/clock went (89|90)\d\d\d ms back/)]);
});

test('a replica that was promoted: half limits, because it may lack the last grants', async () => {
  await server('0', `'00000002'`);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual({ perMinute: 30, perHour: 900 });
  expect(limiter.state()).toMatchObject({ mode: 'quarantine', reason: expect.stringMatching(/timeline 00000002/) });
});

test('the clock jumps ahead between two looks: no real minute holds more than one and a half times the limit', async () => {
  const ask = () => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'jump' } });
  const allowed = async (calls: number): Promise<number> =>
    (await Promise.all(Array.from({ length: calls }, ask))).filter((decision) => decision.allowed).length;
  expect(await allowed(60)).toBe(60);
  const { rows } = await database.pool.query<{ sql: string }>(
    `SELECT pg_get_functiondef('rollgate.acquire'::regproc) AS sql`,
  );
  const sql = rows[0]?.sql as string;
  await database.pool.query(sql.replace('clock_timestamp()', `clock_timestamp() + interval '61 s'`));
  try {
    // What the batch that notices was granted is not passed on; this node's own part is.
    expect(await allowed(60)).toBe(30);
    expect(limiter.state().mode).toBe('quarantine');
    expect(await allowed(60)).toBe(0);
    expect(alarms).toEqual([expect.stringMatching(/clock went 6\d\d\d\d ms ahead: half limits for 61 s/)]);
  } finally {
    await database.pool.query(sql);
  }
});

test('another server answers a new connection: half limits before it decides', async () => {
  await server('0', `'00000003'`);
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'`,
  );
  const ask = (bot: string) => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
  await Promise.all(Array.from({ length: 4 }, () => ask('first')));
  expect(limiter.state()).toMatchObject({ mode: 'quarantine', reason: expect.stringMatching(/timeline 00000003/) });
  expect((await ask('second')).windows.minute.limit).toBe(30);
});

test('the server tells its timeline', async () => {
  const fresh = await createTestDatabase();
  try {
    const { rows } = await fresh.pool.query('SELECT * FROM rollgate.server_state()');
    expect(rows).toEqual([{ now_ms: expect.any(Number), timeline: '00000001' }]);
  } finally {
    await fresh.drop();
  }
});
