/** Fills a database. The same options give the same rows, except for the password's hash. */
import { randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { connect, describeDatabase, migrate } from '@rollgate/migrations';
import type pg from 'pg';
import type { SeedOptions } from './options.js';
import { periodOf } from './period.js';
import { Random } from './random.js';
import { PastPolicy } from './story/past-policy.js';
import { PEOPLE } from './story/people.js';
import { STORY } from './story/story.js';
import { StoryTeller, type Use } from './story/story-teller.js';
import { liveTraffic } from './traffic/live-traffic.js';
import { pastBursts } from './traffic/past-events.js';
import { ACCOUNTS } from './traffic/world.js';
import { writeBursts } from './traffic/write-events.js';

export interface Seeded {
  readonly from: Date;
  readonly until: Date;
  readonly accounts: number;
  readonly events: number;
  readonly changes: number;
  readonly people: readonly { readonly login: string; readonly role: string }[];
  /** The password of all staff. Only its hash is stored. */
  readonly password: string;
}

/** @throws Error with one line that gives the reason; the database is then unchanged */
export async function seedDatabase(databaseUrl: string, options: SeedOptions): Promise<Seeded> {
  await migrate({ databaseUrl });
  const client = await connect({ databaseUrl });
  try {
    await client.query('SET ROLE rollgate_owner');
    // Generated data that is lost in a power failure can be generated again.
    await client.query('SET synchronous_commit = off');
    await refuseUnlessEmpty(client, databaseUrl);
    return await fill(client, options);
  } finally {
    await client.end();
  }
}

async function refuseUnlessEmpty(client: pg.Client, databaseUrl: string): Promise<void> {
  const { rows } = await client.query<{ what: string }>(
    `SELECT 'overrides' AS what WHERE EXISTS (SELECT FROM rollgate.override)
     UNION ALL SELECT 'limit requests' WHERE EXISTS (SELECT FROM rollgate.limit_request)
     UNION ALL SELECT 'limit events' WHERE EXISTS (SELECT FROM rollgate.limit_event)
     UNION ALL SELECT 'staff of a demo' WHERE EXISTS (SELECT FROM rollgate.staff WHERE login = ANY ($1))`,
    [PEOPLE.map(({ login }) => login)],
  );
  if (rows.length > 0)
    throw new Error(
      `the database at ${describeDatabase(databaseUrl)} already has ${rows.map(({ what }) => what).join(', ')}: only an empty database can be filled`,
    );
}

async function fill(client: pg.Client, { days, seed, until }: SeedOptions): Promise<Seeded> {
  const period = periodOf({ until, days });
  const random = new Random(seed);
  const password = randomUUID();
  // The service verifies every hash of argon2, because the hash itself names the algorithm and its cost.
  const passwordHash = await hash(password);
  const process = random.hex(16);
  let given = 0;
  const eventId = () => `${process}-${(given++).toString(36)}`;

  const teller = new StoryTeller({ policy: new PastPolicy(client), period, eventId, passwordHash });
  const story = await inTransaction(client, () => teller.tell(STORY));
  await reportUses(client, story.uses);
  const bursts = pastBursts({ period, denials: story.denials, random });
  const past = await writeBursts(client, bursts, { random, eventId });
  const live = await liveTraffic(client, { period, random, eventId });
  await client.query(
    'ANALYZE rollgate.limit_event_row, rollgate.counter, rollgate.bucket, rollgate.override, rollgate.history',
  );
  return {
    from: period.start,
    until: period.until,
    accounts: ACCOUNTS.length,
    events: past + live,
    changes: await countVerifiedChanges(client),
    people: PEOPLE,
    password,
  };
}

/** Reports the first, the last needed and the last use of each override, as instances report uses. */
async function reportUses(client: pg.Client, uses: readonly Use[]): Promise<void> {
  const report = async (timeOf: (use: Use) => Date | null, needed: boolean) => {
    const reports = uses.flatMap((use) => {
      const at = timeOf(use);
      if (at === null) return [];
      return [{ id: use.id, peak_minute: use.peakMinute, peak_hour: use.peakHour, at_ms: at.getTime(), needed }];
    });
    await client.query('SELECT rollgate.report_use($1)', [JSON.stringify(reports)]);
  };
  await report(({ firstAt }) => firstAt, false);
  await report(({ neededAt }) => neededAt, true);
  await report(({ lastAt }) => lastAt, false);
}

/** @throws Error if the history's chain is broken; a correct run never leaves it so. */
async function countVerifiedChanges(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ rows_checked: string; broken_why: string | null }>(
    'SELECT * FROM rollgate.verify_history()',
  );
  if (rows[0]?.broken_why != null) throw new Error(`the history is broken: ${rows[0].broken_why}`);
  return Number(rows[0]?.rows_checked);
}

async function inTransaction<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
