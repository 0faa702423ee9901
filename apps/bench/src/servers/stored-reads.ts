/**
 * Fills a Rollgate database for the measurement of reads: subjects of one day, limit events of 90 days, and what the roll-up makes of
 * them. The data is synthetic. It is written straight into the tables, in the form in which Rollgate writes it.
 */
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import { laneOf, registerCatalogue } from '@rollgate/limiter';
import pg from 'pg';
import { EVENT_DAY, EVENT_KINDS, OVERRIDES, PLANS } from './stored-events-sql.js';
import { HEADS_AND_MINUTES } from './stored-heads-sql.js';
import { ROLL_UP, USAGE_DAYS } from './stored-roll-up-sql.js';

export const DAYS = 90;
/** The account with the most subjects, which are a thousandth of all. */
export const LARGE_ACCOUNT = 'account-0';
/** An account of average size that is denied, has a plan and an override. */
export const USUAL_ACCOUNT = 'account-10';

export interface StoredReads {
  readonly databaseUrl: string;
  readonly subjects: number;
  readonly events: number;
  readonly progress: (line: string) => void;
}

/** Rows of rollgate.usage_day, which are reported in bytes per million. */
export const accountDays = (subjects: number): number => Math.ceil(subjects / 10 / DAYS) * DAYS;

const AUTHOR = { actor: 'bench', role: 'program' };

/** Accounts have a hundred subjects on average. */
export const accountCount = (subjects: number): number => Math.max(100, subjects / 100);

export async function storeReads({ databaseUrl, subjects, events, progress }: StoredReads): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  // If the server is stopped during a query (Ctrl-C), the query fails. Without a listener the error event would end the process
  // before everything is cleaned up.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(
      `SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SELECT setseed(0.5)`,
    );
    await registerCatalogue(client, { application: SAMPLE_APPLICATION, catalogue: sampleCatalogue, by: AUTHOR });
    await storeNames(client, accountCount(subjects));
    for (const sql of [...EVENT_KINDS, ...OVERRIDES, ...PLANS]) await client.query(sql);
    for (let day = DAYS - 1; day >= 0; day--) {
      await client.query(EVENT_DAY.partition, [day]);
      await client.query(EVENT_DAY.rows, [day, Math.ceil(events / DAYS / EVENT_DAY.perBurst)]);
      if (day % 15 === 0) progress(`    events up to ${day} days ago`);
    }
    progress('    roll-up …');
    for (const sql of ROLL_UP) await client.query(sql);
    await client.query(USAGE_DAYS, [accountDays(subjects) / DAYS, DAYS]);
    progress('    heads and minutes …');
    for (const { sql, isSized } of HEADS_AND_MINUTES) await client.query(sql, isSized ? [subjects] : []);
    progress('    vacuum …');
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** Temporary tables: accounts with their lanes, and the APIs that count by bot. */
async function storeNames(client: pg.Client, accounts: number): Promise<void> {
  const names = Array.from({ length: accounts }, (_, i) => `account-${i}`);
  await client.query(
    'CREATE TEMPORARY TABLE named_account (n int PRIMARY KEY, account text NOT NULL, lane int NOT NULL)',
  );
  await client.query(
    'INSERT INTO named_account SELECT n - 1, account, lane FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS a (account, lane, n)',
    [names, names.map(laneOf)],
  );
  await client.query(`CREATE TEMPORARY TABLE named_api AS
    SELECT (row_number() OVER (ORDER BY c.ord))::int - 1 AS n, c.api, c.group_id, c.level, c.shipped_per_minute AS per_minute, c.shipped_per_hour AS per_hour
    FROM rollgate.catalogue c WHERE c.level = '{bot}' AND c.scope = 'api' ORDER BY c.ord LIMIT 20`);
  await client.query('ANALYZE named_account; ANALYZE named_api');
}
