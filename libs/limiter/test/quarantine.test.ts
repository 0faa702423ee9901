/**
 * When the server's clock or identity changes, every instance enforces half limits for a minute, whichever instance
 * noticed it, including instances that start later.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { openSampleLimiter } from './sample-limiter.js';
import { replaceServer, shiftClock } from './server-change.js';

let database: TestDatabase;
let limiter: Limiter;
let alarms: string[];
const limiters: Limiter[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  alarms = [];
  limiter = open({ onReport: ({ topic, message }) => topic === 'quarantine' && alarms.push(message) });
  await limiter.start();
});
afterEach(async () => {
  await Promise.all(limiters.splice(0).map((one) => one.close()));
  await database.drop();
});

function open(options: Partial<PostgresLimiterOptions> = {}): Limiter {
  const opened = openSampleLimiter(database.url, { pollEveryMs: 3_600_000, ...options });
  limiters.push(opened);
  return opened;
}

const limit = async (of = limiter) =>
  (await of.limitsOf({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b' } })).limits;
const FULL = { perMinute: 60, perHour: 1800 };
const HALF = { perMinute: 30, perHour: 900 };
const jump = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'jump' } };
const allowed = async (calls: number, by = limiter): Promise<number> =>
  (await Promise.all(Array.from({ length: calls }, () => by.acquire(jump)))).filter((decision) => decision.allowed)
    .length;
const quarantines = async () =>
  (await database.pool.query<{ reason: string }>('SELECT reason FROM rollgate.quarantine ORDER BY id')).rows;

test('an unchanged server gives full limits and no report', async () => {
  await limiter.refreshPolicy();
  expect(await limit()).toEqual(FULL);
  expect([alarms, limiter.state().mode, await quarantines()]).toEqual([[], 'normal', []]);
});

test('a clock that jumps ahead by more than a second causes a report and half limits', async () => {
  await shiftClock(database.pool, 61);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual(HALF);
  expect(limiter.state()).toMatchObject({
    mode: 'quarantine',
    reason: expect.stringMatching(/clock went 6\d\d\d\d ms ahead/),
  });
  expect(alarms).toEqual([expect.stringMatching(/half limits for 61 s/)]);
  // From now on the new time is used.
  await limiter.refreshPolicy();
  expect(alarms).toHaveLength(1);
  expect(await quarantines()).toEqual([{ reason: expect.stringMatching(/clock went 6\d\d\d\d ms ahead/) }]);
});

test('an instance that starts after the jump has the quarantine of the one that noticed it', async () => {
  expect(await allowed(60)).toBe(60);
  await shiftClock(database.pool, 61);
  await limiter.refreshPolicy();
  const later = open();
  // Its first call uses half of the limit, of which nothing was spent before the jump.
  expect(await allowed(60, later)).toBe(30);
  expect(later.state()).toMatchObject({ mode: 'quarantine', reason: expect.stringMatching(/ms ahead/) });
  expect(await limit(later)).toEqual(HALF);
  expect(await allowed(60)).toBe(0);
});

test('a running instance that has not noticed the jump gets the quarantine with its next poll', async () => {
  const other = open();
  await other.refreshPolicy();
  await database.pool.query(`SELECT rollgate.begin_quarantine('a test says so', 'test')`);
  await other.refreshPolicy();
  expect(await limit(other)).toEqual(HALF);
  expect(other.state()).toMatchObject({ mode: 'quarantine', reason: 'a test says so' });
});

test('a quarantine expires, and no instance keeps it longer than the database', async () => {
  await shiftClock(database.pool, 61);
  await limiter.refreshPolicy();
  await database.pool.query(`UPDATE rollgate.quarantine SET until = clock_timestamp() + interval '61 s'`);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual(FULL);
  expect(limiter.state().mode).toBe('normal');
  const later = open();
  expect(await limit(later)).toEqual(FULL);
});

test('a clock that goes back causes a report, and the windows stay correct without a quarantine', async () => {
  await shiftClock(database.pool, -90);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual(FULL);
  expect(alarms).toEqual([expect.stringMatching(/clock went (89|90)\d\d\d ms back/)]);
});

test('a clock that jumps ahead and is corrected does not cause a quarantine until the time it had jumped to', async () => {
  await shiftClock(database.pool, 3_600);
  await limiter.refreshPolicy();
  expect(await limit()).toEqual(HALF);
  await shiftClock(database.pool, 0);
  await limiter.refreshPolicy();
  expect(await limit(open())).toEqual(FULL);
});

test('a promoted replica causes half limits on every instance, because it may lack the last grants', async () => {
  await replaceServer(database.pool, '00000002');
  // The first instance to poll has just started.
  const later = open();
  expect(await limit(later)).toEqual(HALF);
  await limiter.refreshPolicy();
  for (const one of [limiter, later]) {
    expect(await limit(one)).toEqual(HALF);
    expect(one.state()).toMatchObject({ mode: 'quarantine', reason: expect.stringMatching(/timeline 00000002/) });
  }
  expect(await quarantines()).toHaveLength(1);
});

test('when the clock jumps ahead between two polls, no real minute contains more than 1.5 times the limit', async () => {
  expect(await allowed(60)).toBe(60);
  await shiftClock(database.pool, 61);
  // The grants of the batch that notices the jump are discarded; this instance's own share is used.
  expect(await allowed(60)).toBe(30);
  expect(limiter.state().mode).toBe('quarantine');
  expect(await allowed(60)).toBe(0);
  expect(alarms).toEqual([expect.stringMatching(/clock went 6\d\d\d\d ms ahead: half limits for 61 s/)]);
});

test('when another server answers a new connection, limits are halved before it decides', async () => {
  await replaceServer(database.pool, '00000003');
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'`,
  );
  const ask = (bot: string) => limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
  // Repeat until the first call on a new connection.
  for (let i = 0; i < 100 && limiter.state().mode !== 'quarantine'; i++) {
    await ask('first');
    await sleep(20);
  }
  expect(limiter.state()).toMatchObject({ mode: 'quarantine', reason: expect.stringMatching(/timeline 00000003/) });
  expect((await ask('second')).windows.minute.limit).toBe(30);
});

test('an instance whose own clock stopped does not halve the limits of others, and its own only briefly', async () => {
  const witness = open({ pollEveryMs: 200 });
  const script = new URL('suspended-instance.mjs', import.meta.url).pathname;
  const instance = await spawnNode({ script, args: [database.url], readyLine: /^ready$/ });
  let asked = 0;
  const ask = async () => {
    const n = ++asked;
    instance.send(`limit ${n}\n`);
    return JSON.parse(await instance.waitForLine(new RegExp(`^{"n":${n},`))) as { perMinute: number; mode: string };
  };
  try {
    await witness.refreshPolicy();
    // The other instance contacts the database in each of these seconds.
    await sleep(4_000);
    instance.send('suspend 3000\n');
    await sleep(1_500);
    expect(await ask()).toMatchObject({ perMinute: 60, mode: 'normal' });
    expect(await limit(witness)).toEqual(FULL);
    expect(await quarantines()).toEqual([]);
  } finally {
    instance.kill('SIGKILL');
    await instance.exited;
  }
}, 90_000);

test('calls in the reportedly skipped seconds refute a report', async () => {
  const report = async (heardSecondsAgo: number, elapsedSeconds: number) => {
    const { rows } = await database.pool.query<{ believed: boolean }>(
      `SELECT rollgate.report_clock_jump('test', extract(epoch FROM clock_timestamp())::float8 * 1000 - $1, $2) AS believed`,
      [heardSecondsAgo * 1000, elapsedSeconds * 1000],
    );
    await database.pool.query('DELETE FROM rollgate.quarantine');
    return rows[0]?.believed;
  };
  const calledSecondsAgo = (seconds: readonly number[]) =>
    database.pool.query(
      `TRUNCATE rollgate.second_seen;
       INSERT INTO rollgate.second_seen SELECT n, clock_timestamp() - make_interval(secs => s)
       FROM unnest('{${seconds.join()}}'::float8[]) WITH ORDINALITY AS u (s, n)`,
    );
  const upTo = (seconds: number) => Array.from({ length: seconds }, (_, i) => i + 0.5);
  await calledSecondsAgo([]);
  // No calls were recorded.
  expect(await report(62, 1)).toBe(true);
  // The clock is not ahead, or not far enough.
  expect([await report(1, 1), await report(1.5, 1), await report(1, 62), await report(1, -60)]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  // There were calls in each of these seconds.
  await calledSecondsAgo(upTo(120));
  expect(await report(62, 1)).toBe(false);
  expect(await report(7_200, 1)).toBe(false);
  // There were calls before and after, but none in the skipped seconds.
  await calledSecondsAgo([0.2, 0.4, 61.6, 62.1, 63.2]);
  expect(await report(62, 1)).toBe(true);
  // The instance was disconnected for half a minute, and the jump of five seconds is within that time.
  await calledSecondsAgo([...upTo(10), ...upTo(20).map((s) => s + 15)]);
  expect(await report(35, 30)).toBe(true);
  expect(await report(35, 25)).toBe(false);
});

test("the runtime role can't write a quarantine directly", async () => {
  const { rows } = await database.pool.query<{ may: boolean }>(
    `SELECT has_function_privilege('rollgate_runtime', 'rollgate.begin_quarantine(text, text)', 'EXECUTE')
         OR has_table_privilege('rollgate_runtime', 'rollgate.quarantine', 'INSERT, UPDATE, DELETE') AS may`,
  );
  expect(rows).toEqual([{ may: false }]);
});
