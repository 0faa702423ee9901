/**
 * Fills a database of Rollgate's with subjects that have a past, as rollgate.acquire would have left them.
 *
 * Invariant: what is stored is consistent (migrations/001-baseline.sql): each minute's start is the total before it, the
 * head repeats the minute before and the minute an hour ago, and `hour_next` is the oldest second between the two.
 */
import { laneOf } from '@rollgate/limiter';
import pg from 'pg';
import { BENCH_API } from '../contenders/rollgate.js';
import { ACCOUNTS, accountOf, nameOf } from '../load/traffic.js';

export interface StoredSubjects {
  readonly databaseUrl: string;
  readonly subjects: number;
  /** Unix minute of every subject's newest grant. */
  readonly minute: number;
  /** `full`: each of the 60 minutes before holds grants too. */
  readonly hour: 'empty' | 'full';
}

/** Above this the primary key is built after the rows: sorting once is five times as fast as inserting in no order. */
const BUILD_INDEX_AFTER = 500_000;

/** One unit in every second second: 30 a minute and 1,800 an hour, what the matrix admits. */
const SECONDS = `ARRAY(SELECT generate_series(1, 59, 2))::smallint[]`;
const SUMS = `ARRAY(SELECT generate_series(1, 30))`;
const UNITS = 30;

const SUBJECT = `a.account || '/${BENCH_API}/bot=' || $3 || i`;
// $1 the accounts, $2 their lanes, $4 how many subjects. By the subject's number, so in no order of the key.
const ROWS = `generate_series(0, $4::int - 1) AS i
  JOIN unnest($1::text[], $2::int[]) WITH ORDINALITY AS a (account, lane, n) ON a.n = i % ${ACCOUNTS} + 1`;

const EMPTY_HOUR = `INSERT INTO rollgate.counter (lane, subject, minute, total, prev_start, hour_start, secs, sums)
  SELECT a.lane, ${SUBJECT}, $5::int, 3, 0, 0, '{7,27,47}'::smallint[], '{1,2,3}'::int[] FROM ${ROWS}`;

const FULL_HOUR = `INSERT INTO rollgate.counter
    (lane, subject, minute, total, prev_start, hour_start, hour_next, secs, sums, prev_secs, prev_sums, hour_secs, hour_sums)
  SELECT a.lane, ${SUBJECT}, $5::int, 61 * ${UNITS}, 59 * ${UNITS}, 0, ($5::int - 59) * 60 + 1,
         ${SECONDS}, ${SUMS}, ${SECONDS}, ${SUMS}, ${SECONDS}, ${SUMS}
  FROM ${ROWS}`;

const PAST_MINUTES = `INSERT INTO rollgate.bucket (lane, subject, minute, start, secs, sums)
  SELECT a.lane, ${SUBJECT}, m, (m - $5::int + 60) * ${UNITS}, ${SECONDS}, ${SUMS}
  FROM generate_series($5::int - 60, $5::int - 1) AS m CROSS JOIN ${ROWS}`;

export async function storeSubjects({ databaseUrl, subjects, minute, hour }: StoredSubjects): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  // A server stopped under it (Ctrl-C) fails the query; without a listener it would end the process before all is cleaned up.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const accounts = Array.from({ length: ACCOUNTS }, (_, i) => accountOf(i));
    const values = [accounts, accounts.map(laneOf), nameOf(0).slice(0, -1), subjects, minute];
    await client.query('TRUNCATE rollgate.counter, rollgate.bucket');
    await client.query(`SET maintenance_work_mem = '512MB'`);
    const indexAfter = subjects > BUILD_INDEX_AFTER;
    if (indexAfter) await client.query('ALTER TABLE rollgate.counter DROP CONSTRAINT counter_pkey');
    await client.query(hour === 'full' ? FULL_HOUR : EMPTY_HOUR, values);
    if (hour === 'full') await client.query(PAST_MINUTES, values);
    if (indexAfter)
      await client.query('ALTER TABLE rollgate.counter ADD CONSTRAINT counter_pkey PRIMARY KEY (lane, subject)');
    // As they would be found in a table that has been in use: no vacuum and no checkpoint left to do during a run.
    await client.query('VACUUM (ANALYZE) rollgate.counter, rollgate.bucket');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** Unix minute. */
export function currentMinute(): number {
  return Math.floor(Date.now() / 60_000);
}
