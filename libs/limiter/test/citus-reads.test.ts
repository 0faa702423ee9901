/** What staff and auditors read is the same on Citus as on one Postgres, after the same calls. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readersOf, readFunctionFiles, readSql } from '@rollgate/migrations';
import type { TestDatabase } from '@rollgate/testing';
import { laneOf } from '../src/subject/subject-key.js';
import { CITUS_URL, createCitusDatabase } from './citus-database.js';
import { ADMIN, change } from './policy-author.js';
import { createSampleDatabase, openSampleLimiter } from './sample-limiter.js';

const READS = [
  'SELECT * FROM rollgate_audit.usage_at($1) ORDER BY subject',
  `SELECT * FROM rollgate_audit.usage_of('acme-1', $1) ORDER BY subject`,
  'SELECT * FROM rollgate.near_limit(80, NULL, $1)',
  'SELECT * FROM rollgate.near_limit(10, NULL, $1)',
  'SELECT account, api, subject, minute, units FROM rollgate_audit.usage_by_minute_v1 WHERE $1::timestamptz IS NOT NULL ORDER BY subject, minute',
  `SELECT * FROM rollgate.usage_by_minute(LANE, 'acme-1/', $1)`,
  `SELECT * FROM rollgate.usage_by_second(LANE, 'acme-1/', $1::timestamptz - interval '1 hour') ORDER BY 1, 2`,
  `SELECT rollgate.window_filling(LANE, 'acme-1/publish-bot/bot=b1', 'hour', $1) AS f`,
  `SELECT rollgate.window_filling(NULL, 'acme-1/publish-bot/bot=b1', 'minute', $1) AS f`,
  `SELECT * FROM rollgate.find_subjects('b1', 50) WHERE $1::timestamptz IS NOT NULL ORDER BY 3`,
  `SELECT * FROM rollgate.find_accounts('acme', '', 5) WHERE $1::timestamptz IS NOT NULL`,
  `SELECT * FROM rollgate.find_accounts('acme', 'acme-4', 20) WHERE $1::timestamptz IS NOT NULL`,
  `SELECT rollgate.account_seen('acme-1') AS yes, rollgate.account_seen('stranger') AS no FROM (SELECT $1::timestamptz) x`,
  `SELECT * FROM rollgate.calls_on_record('{publish-bot}', NULL, rollgate.lanes_of(NULL), MINUTE - 100, MINUTE, 1, 1)
   WHERE $1::timestamptz IS NOT NULL ORDER BY 1`,
  `SELECT * FROM rollgate.minutes_of_subjects('{LANE}', '{acme-1/publish-bot/bot=b1}', MINUTE - 100, MINUTE) WHERE $1::timestamptz IS NOT NULL`,
  `SELECT rollgate.oldest_minute('{publish-bot}') AS oldest FROM (SELECT $1::timestamptz) x`,
  'SELECT * FROM rollgate.recheck_decisions(NULL, $1)',
  `SELECT * FROM rollgate.peek(LANE, '{acme-1/publish-bot/bot=b1}', $1)`,
].map((sql) => sql.replaceAll('LANE', String(laneOf('acme-1'))));

describe('through the readers of Citus, on one Postgres', () => reads(createDatabaseWithReaders));

if (CITUS_URL === undefined) {
  console.warn('CITUS_URL is not set: nothing was read on Citus.');
  test.skip('Citus: CITUS_URL names no cluster', () => undefined);
} else {
  describe('reads on Citus', () => reads(() => createCitusDatabase(CITUS_URL as string)));
}

/** A change of a function that reports usage shows here whether its form for Citus still returns the same rows. */
async function createDatabaseWithReaders(): Promise<TestDatabase> {
  const database = await createSampleDatabase();
  await database.pool.query(await readSql('citus/readers.sql'));
  for (const { sql } of readersOf(await readFunctionFiles())) await database.pool.query(sql);
  return database;
}

function reads(create: () => Promise<TestDatabase>): void {
  let plain: TestDatabase;
  let citus: TestDatabase;
  // In the past, so that events of denials, which the real clock times, are not part of it.
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000);
  beforeAll(async () => {
    plain = await createSampleDatabase();
    citus = await create();
    await Promise.all([plain, citus].map((database) => traffic(database, at)));
  }, 180_000);
  afterAll(async () => {
    await plain?.drop();
    await citus?.drop();
  });

  test.each(READS)('%s', async (sql) => {
    const read = async ({ pool }: TestDatabase) =>
      (await pool.query(sql.replaceAll('MINUTE', String(at.getTime() / 60_000)), [at])).rows;
    const expected = await read(plain);
    expect(await read(citus)).toEqual(expected);
    // Nothing is near 80 percent, and no denial was recorded.
    if (!/recheck|near_limit\(80/.test(sql)) expect(expected.length).toBeGreaterThan(0);
  });
}

/** The same calls in both: over 70 minutes, so that some heads are old, some current, and some limits nearly spent. */
async function traffic(database: TestDatabase, end: Date): Promise<void> {
  let now = end.getTime() - 70 * 60_000;
  const limiter = openSampleLimiter(database.url, { clock: () => now, events: false, stripes: 64, connections: 8 });
  await limiter.start();
  await change(database, 'create_override', {
    by: ADMIN,
    values: [{ account: 'acme-2', per_minute: 20, reason: 'r', allow_lowering: true }],
  });
  await limiter.refreshPolicy();
  const steps = [0, 20, 61, 600, 3_000, 3_590, 4_000, 4_140, 4_170, 4_195, 4_200];
  for (const [i, step] of steps.entries()) {
    now = end.getTime() - 70 * 60_000 + step * 1_000;
    const calls = Array.from({ length: 12 }, (_, n) => n).filter((n) => (n + i) % 3 > 0);
    await Promise.all(
      calls.flatMap((n) =>
        Array.from({ length: 3 + n }, () =>
          limiter.acquire({ account: `acme-${n}`, api: 'publish-bot', dimensions: { bot: `b${i % 2}` } }),
        ),
      ),
    );
  }
  await limiter.close();
}
