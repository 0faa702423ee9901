/**
 * The effect of an auditor's session on the decisions of an instance. Ratios are printed, never asserted, because
 * machines differ.
 */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import pg from 'pg';
import type { Limiter } from '../src/limiter.js';
import { openSampleLimiter } from './sample-limiter.js';

/** Set ROLLGATE_AUDITOR_LOAD_MS=3000 for reliable figures. */
const MEASURE_MS = Number(process.env['ROLLGATE_AUDITOR_LOAD_MS'] ?? 300);
const SUBJECTS = 2_000;

let database: TestDatabase;
let limiter: Limiter;
let auditor: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  limiter = openSampleLimiter(database.url, { events: false });
  await limiter.refreshPolicy();
  auditor = new pg.Client({ connectionString: database.url });
  auditor.on('error', () => undefined);
  await auditor.connect();
  await auditor.query('SET SESSION AUTHORIZATION rollgate_auditor');
});
afterAll(async () => {
  await auditor?.end().catch(() => undefined);
  await limiter?.close();
  await database?.drop();
});

let next = 0;
/** Decisions per second, with 200 concurrent callers on 2,000 subjects of 50 accounts. */
async function decisionsPerSecond(forMs = MEASURE_MS): Promise<number> {
  const start = performance.now();
  let decided = 0;
  const caller = async () => {
    while (performance.now() - start < forMs) {
      const n = next++ % SUBJECTS;
      await limiter.acquire({ account: `acc-${n % 50}`, api: 'get-table-data', dimensions: { table: `t-${n}` } });
      decided += 1;
    }
  };
  await Promise.all(Array.from({ length: 200 }, caller));
  return decided / ((performance.now() - start) / 1000);
}
const print = (what: string, rate: number, base: number) =>
  process.stdout.write(`auditor-load: ${what}: ${(rate / base).toFixed(2)} of ${Math.round(base)} decisions/s\n`);

test('decisions continue during a heavy query and an idle transaction, and the server ends the idle transaction', async () => {
  await decisionsPerSecond();
  const before = await decisionsPerSecond();

  await auditor.query(`SET statement_timeout = '${MEASURE_MS}ms'`);
  const heavy = auditor
    .query('SELECT count(*) FROM rollgate_audit.usage_now_v1 CROSS JOIN generate_series(1, 1000000000)')
    .catch((error: unknown) => error);
  const during = await decisionsPerSecond();
  expect(await heavy).toMatchObject({ code: '57014' });
  print('during a heavy query', during, before);

  const endsAfterMs = MEASURE_MS * 2;
  await auditor.query(`SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '${endsAfterMs}ms'`);
  await auditor.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await auditor.query('SELECT count(*) FROM rollgate_audit.usage_now_v1');
  const idle = await decisionsPerSecond();
  print('during an idle transaction', idle, before);
  const stillThere = `SELECT FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()`;
  await until(async () => (await database.pool.query(stillThere)).rowCount === 0, {
    what: 'the server has ended the idle transaction',
  });
  await expect(auditor.query('SELECT 1')).rejects.toThrow();
  print('after the server ended it', await decisionsPerSecond(), before);
  expect(Math.min(before, during, idle)).toBeGreaterThan(0);
});
