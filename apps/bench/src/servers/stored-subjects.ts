/**
 * Fills a Rollgate database with subjects that have a history, stored the way rollgate.acquire stores it.
 *
 * Invariant: the stored data is consistent (migrations/001-baseline.sql): each minute's start is the total before it, the head row
 * repeats the previous minute and the minute an hour ago, and `hour_next` is the oldest second between the two.
 */
import { laneOf } from '@rollgate/limiter';
import pg from 'pg';
import { BENCH_API } from '../contenders/rollgate.js';
import { ACCOUNTS, accountOf, nameOf } from '../load/traffic.js';

export interface StoredSubjects {
  readonly databaseUrl: string;
  readonly subjects: number;
  /** Unix minute of every subject's newest allowed call. */
  readonly minute: number;
  /** `full`: each of the 60 minutes before also contains units. */
  readonly hour: 'empty' | 'full';
}

/**
 * Above this number of rows the primary key is built after loading: sorting once is five times as fast as inserting in random
 * order.
 */
const BUILD_INDEX_AFTER = 500_000;

/** One unit in every other second: 30 per minute and 1,800 per hour, the hour limit of the sample catalogue. */
const SECONDS = `ARRAY(SELECT generate_series(1, 59, 2))::smallint[]`;
const SUMS = `ARRAY(SELECT generate_series(1, 30))`;
const UNITS = 30;

const SUBJECT = `a.account || '/${BENCH_API}/bot=' || $3 || i`;
// $1: accounts, $2: their lanes, $4: number of subjects. Rows are ordered by the subject's number, which is not the order of
// the key.
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

/** Replaces all counters of the database by these subjects. */
export async function storeSubjects({ databaseUrl, subjects, minute, hour }: StoredSubjects): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  // If the server is stopped during a query (Ctrl-C), the query fails. Without a listener the error event would end the process
  // before
  // everything is cleaned up.
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
    // Prepare the tables as if they had been in use, so that no vacuum and no checkpoint runs during a measurement.
    await client.query('VACUUM (ANALYZE) rollgate.counter, rollgate.bucket');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** The current Unix minute. */
export function currentMinute(): number {
  return Math.floor(Date.now() / 60_000);
}
