/** Each freed subject is reported once, in any order of commits. If rows may be missing, a gap is reported instead. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import pg from 'pg';
import { FreedPoll, type FreedPollOptions } from '../src/call/freed-poll.js';

let database: TestDatabase;
let heard: string[];
let poll: FreedPoll;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE rollgate.freed, rollgate.freed_removed');
  poll = open();
  await untilNoGap();
});

/** A poll that runs only when the test calls it. */
function open(options: Partial<FreedPollOptions> = {}): FreedPoll {
  const opened = new FreedPoll({
    pool: database.pool,
    onFreed: (subject) => heard.push(subject),
    onHole: () => heard.push('hole'),
    decidesByDatabase: () => true,
    everyMs: 3_600_000,
    ...options,
  });
  return opened;
}

const free = (subject: string, by: pg.Pool | pg.PoolClient = database.pool) =>
  by.query('INSERT INTO rollgate.freed (subject) VALUES ($1)', [subject]);
async function look(): Promise<string[]> {
  heard = [];
  await poll.poll();
  return heard;
}
/** Rows that were removed by hand are a gap until every transaction that began before it has ended, also of other databases. */
const untilNoGap = () => until(look, { what: 'a poll reports no gap', accept: (reported) => reported.length === 0 });
const AGE = `UPDATE rollgate.freed SET at = at - interval '1 hour'`;
const SWEEP = 'SELECT rollgate.sweep_freed()';
/** Waits until a poll knows that no transaction that began before the rows is open, also of other databases. */
const untilSettled = () =>
  until(
    async () => {
      const snapshot = 'pg_current_snapshot()';
      const open = `xact >= pg_snapshot_xmin(${snapshot}) AND xact < pg_snapshot_xmax(${snapshot})`;
      return (await database.pool.query(`SELECT FROM rollgate.freed WHERE ${open}`)).rowCount === 0;
    },
    { what: 'transactions that began before the rows have ended' },
  );
/** Sweeps until all rows are removed. Rows are kept while a transaction that began before them is open, also of other databases. */
async function sweepAll(): Promise<void> {
  await database.pool.query(AGE);
  const isEmpty = async () => {
    await database.pool.query(SWEEP);
    return (await database.pool.query('SELECT FROM rollgate.freed')).rowCount === 0;
  };
  await until(isEmpty, { what: 'the sweep removed all rows' });
}

test('the first poll reports a gap, because it does not know what was freed before', async () => {
  poll = open();
  expect([await look(), await look()]).toEqual([['hole'], []]);
});

test('a subject that was freed since the last poll is reported once', async () => {
  await free('a');
  await free('b');
  expect((await look()).sort()).toEqual(['a', 'b']);
  expect(await look()).toEqual([]);
});

test('a transaction that commits after a later one is not skipped', async () => {
  const [first, second] = [await database.pool.connect(), await database.pool.connect()];
  try {
    await first.query('BEGIN');
    await free('first', first);
    await second.query('BEGIN');
    await free('second', second);
    await second.query('COMMIT');
    expect(await look()).toEqual(['second']);
    await free('third');
    expect(await look()).toEqual(['third']);
    await first.query('COMMIT');
    expect(await look()).toEqual(['first']);
    expect(await look()).toEqual([]);
  } finally {
    first.release();
    second.release();
  }
});

test('each subject is reported once in any order of transaction starts, commits and polls', async () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const free8 = await Promise.all(Array.from({ length: 8 }, () => database.pool.connect()));
  const running: pg.PoolClient[] = [];
  const clients = [...free8];
  const all: string[] = [];
  const found: string[] = [];
  for (let step = 0; step < 200 || running.length > 0; step++) {
    const what = random(3);
    if (what === 0 && clients.length > 0 && step < 200) {
      const client = clients.pop() as pg.PoolClient;
      await client.query('BEGIN');
      await free(`s${step}`, client);
      all.push(`s${step}`);
      running.push(client);
    } else if (what === 1 && running.length > 0) {
      const [client] = running.splice(random(running.length), 1) as [pg.PoolClient];
      await client.query('COMMIT');
      clients.push(client);
    } else found.push(...(await look()));
  }
  found.push(...(await look()));
  for (const client of free8) client.release();
  expect(all.length).toBeGreaterThan(40);
  expect(found.sort()).toEqual(all.sort());
});

test('rows removed before they were read are a gap, and rows removed after they were read are not', async () => {
  await free('read');
  await untilSettled();
  expect(await look()).toEqual(['read']);
  await sweepAll();
  expect(await look()).toEqual([]);

  await free('swept');
  await sweepAll();
  expect([await look(), await look()]).toEqual([['hole'], []]);

  await free('deleted by hand');
  await database.pool.query('DELETE FROM rollgate.freed');
  expect(await look()).toEqual(['hole']);
  await untilNoGap();

  await free('truncated');
  await database.pool.query('TRUNCATE rollgate.freed');
  expect(await look()).toEqual(['hole']);
  await untilNoGap();
});

test('recent rows are kept', async () => {
  await free('recent');
  await database.pool.query(SWEEP);
  expect(await look()).toEqual(['recent']);
});

test('a transaction that stays open does not cause a gap in every poll', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    await free('open', client);
    for (const subject of ['a', 'b']) {
      await free(subject);
      expect(await look()).toEqual([subject]);
      await database.pool.query(`UPDATE rollgate.freed SET at = at - interval '1 hour'; ${SWEEP}`);
      expect(await look()).toEqual([]);
    }
    await client.query('COMMIT');
    expect(await look()).toEqual(['open']);
  } finally {
    client.release();
  }
});

test('another life of the server is a gap, because its transaction IDs may have gone back', async () => {
  const { rows } = await database.pool.query<{ sql: string }>(
    `SELECT pg_get_functiondef('rollgate.server_life'::regproc) AS sql`,
  );
  await database.pool.query(
    `CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'another' $$`,
  );
  try {
    expect([await look(), await look()]).toEqual([['hole'], []]);
  } finally {
    await database.pool.query(rows[0]?.sql as string);
  }
});

test('rows of a restored dump with transaction IDs ahead of this server are not read repeatedly', async () => {
  await database.pool.query(`INSERT INTO rollgate.freed (subject, xact) VALUES ('from elsewhere', '4000000000000')`);
  await database.pool.query(`UPDATE rollgate.freed_removed SET xact = '4000000000000'`);
  expect([await look(), await look()]).toEqual([[], []]);
  await free('own');
  await untilSettled();
  expect(await look()).toEqual(['own']);
  await sweepAll();
  expect(await look()).toEqual([]);
});

test('a failed poll loses nothing', async () => {
  await free('a');
  await database.pool.query('ALTER FUNCTION rollgate.freed_since RENAME TO freed_since_away');
  expect(await look()).toEqual([]);
  await database.pool.query('ALTER FUNCTION rollgate.freed_since_away RENAME TO freed_since');
  expect(await look()).toEqual(['a']);
});

test.each([
  { decides: true, expected: ['hole'] },
  { decides: false, expected: [] },
])(
  'looks that fail for long while the database decides ($decides): remembered denials are not trusted',
  async ({ decides, expected }) => {
    heard = [];
    const nowhere = new pg.Pool({ connectionString: 'postgres://localhost:1/none' });
    const deaf = open({ pool: nowhere, decidesByDatabase: () => decides, everyMs: 20, outOfTouchAfterMs: 200 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await deaf.stop();
    await nowhere.end();
    expect([...new Set(heard)]).toEqual(expected);
  },
);
