/** Two batches of one stripe in flight on one connection. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, until, untilSessionWaits } from '@rollgate/testing';
import pg from 'pg';
import { createPostgresLimiter, type Limiter } from '../src/index.js';
import { laneOf } from '../src/subject/subject-key.js';

const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['bot'],
    limits: { perMinute: 9_000, perHour: 9_000 },
    apis: [{ id: 'a', title: 'A' }],
  },
]);
/** The number of rows that makes a batch large enough to send behind another one. */
const MANY = 100;

let database: TestDatabase;
let limiter: Limiter;
let holder: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  const events = false;
  limiter = createPostgresLimiter({ databaseUrl: database.url, catalogue, janitor: false, outage: false, events });
  await limiter.start();
  // All connections are open and ready: one for each stripe, and one for flushes.
  while ((await deciding()).idle < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
});
afterEach(async () => {
  await holder.end();
  await limiter.close();
});

const ask = (bot: string, account = 'acme'): Promise<Decision> =>
  limiter.acquire({ account, api: 'a', dimensions: { bot } });
/** An account of the other stripe. */
const OTHER = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find((name) => laneOf(name) % 2 !== laneOf('acme') % 2) as string;
const many = (name: string) => Array.from({ length: MANY }, (_, i) => ask(`${name}${i}`));
const untilWaiting = (sessions: number) =>
  until(async () => (await deciding()).waiting === sessions, { what: `${sessions} sessions wait for a lane` });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The number of decision sessions, and how many of them wait for a lane. */
async function deciding(): Promise<{ sessions: number; waiting: number; idle: number; pids: number[] }> {
  const { rows } = await database.pool.query<{ pid: number; waits: boolean; idle: boolean }>(
    `SELECT pid, wait_event = 'advisory' AS waits, state = 'idle' AND query LIKE '%rollgate.flush%' AS idle FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'rollgate'`,
  );
  return {
    sessions: rows.length,
    waiting: rows.filter(({ waits }) => waits).length,
    idle: rows.filter(({ idle }) => idle).length,
    pids: rows.map(({ pid }) => pid),
  };
}

/**
 * Locks two lanes, so that no batch is answered, and counts the statements sent meanwhile. A batch of the other stripe is
 * in flight first: a batch that is alone carries its flush, and no other batch is sent behind it.
 */
async function whileHeld<T>(work: (sent: () => number) => Promise<T>): Promise<T> {
  const { prototype } = pg.Client;
  const { query } = prototype;
  let sent = 0;
  prototype.query = function (this: pg.Client, ...args: unknown[]) {
    if ((args[0] as { name?: string }).name === 'rollgate_acquire') sent++;
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  await holder.query('BEGIN');
  await holder.query('SELECT rollgate.enter_lanes($1, $2)', [laneOf('acme'), laneOf(OTHER)]);
  const other = ask('x', OTHER);
  other.catch(() => undefined);
  await untilSessionWaits(database.pool);
  sent = 0;
  try {
    return await work(() => sent);
  } finally {
    prototype.query = query;
    await holder.query('ROLLBACK');
    await Promise.allSettled([other]);
  }
}

test('the next batch is sent behind the one in flight on the same connection and is decided after it', async () => {
  const [first, second] = await whileHeld(async (sent) => {
    const one = [ask('x'), ...many('b')];
    await untilWaiting(2);
    const two = [...many('c'), ask('x')];
    await turn();
    expect(sent()).toBe(2);
    expect(await deciding()).toMatchObject({ sessions: 3, waiting: 2 });
    return [one, two];
  });
  const decisions = await Promise.all([first?.[0], second?.[MANY]]);
  expect(decisions.map((decision) => decision?.windows.minute.used)).toEqual([1, 2]);
  expect((await Promise.all([...(first ?? []), ...(second ?? [])])).every(({ allowed }) => allowed)).toBe(true);
});

test('a broken connection fails all batches in flight on it, and the next batch uses a new one', async () => {
  const settled = await whileHeld(async () => {
    const one = many('d');
    await untilWaiting(2);
    const two = many('e');
    await turn();
    const { pids } = await deciding();
    await database.pool.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids]);
    return await Promise.allSettled([...one, ...two]);
  });
  expect(settled).toHaveLength(2 * MANY);
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect(await ask('d0')).toMatchObject({ allowed: true, windows: { minute: { used: 1 } } });
});
