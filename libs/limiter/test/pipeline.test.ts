/** Two batches of one stripe in flight on one connection. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, untilSessionWaits } from '@rollgate/testing';
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
  // Both connections are open and ready.
  while ((await deciding()).idle < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
});
afterEach(async () => {
  await holder.end();
  await limiter.close();
});

const ask = (bot: string): Promise<Decision> => limiter.acquire({ account: 'acme', api: 'a', dimensions: { bot } });
const many = (name: string) => Array.from({ length: MANY }, (_, i) => ask(`${name}${i}`));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The number of decision sessions, and how many of them wait for a lane. */
async function deciding(): Promise<{ sessions: number; waiting: number; idle: number; pids: number[] }> {
  const { rows } = await database.pool.query<{ pid: number; waits: boolean; idle: boolean }>(
    `SELECT pid, wait_event = 'advisory' AS waits, state = 'idle' AND query LIKE '%acquire%' AS idle FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'rollgate'`,
  );
  return {
    sessions: rows.length,
    waiting: rows.filter(({ waits }) => waits).length,
    idle: rows.filter(({ idle }) => idle).length,
    pids: rows.map(({ pid }) => pid),
  };
}

/** Locks the lane, so that no batch is answered, and counts the statements sent meanwhile. */
async function whileHeld<T>(work: (sent: () => number) => Promise<T>): Promise<T> {
  const { prototype } = pg.Client;
  const { query } = prototype;
  let sent = 0;
  prototype.query = function (this: pg.Client, ...args: unknown[]) {
    if ((args[0] as { name?: string }).name === 'rollgate_acquire') sent++;
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  await holder.query('BEGIN');
  await holder.query('SELECT rollgate.enter_lanes($1)', [laneOf('acme')]);
  try {
    return await work(() => sent);
  } finally {
    prototype.query = query;
    await holder.query('ROLLBACK');
  }
}

test('the next batch is sent behind the one in flight on the same connection and is decided after it', async () => {
  const [first, second] = await whileHeld(async (sent) => {
    const one = [ask('x'), ...many('b')];
    await untilSessionWaits(database.pool);
    const two = [...many('c'), ask('x')];
    await turn();
    expect(sent()).toBe(2);
    // The other connection belongs to the other stripe.
    expect(await deciding()).toMatchObject({ sessions: 2, waiting: 1 });
    return [one, two];
  });
  const decisions = await Promise.all([first?.[0], second?.[MANY]]);
  expect(decisions.map((decision) => decision?.windows.minute.used)).toEqual([1, 2]);
  expect((await Promise.all([...(first ?? []), ...(second ?? [])])).every(({ allowed }) => allowed)).toBe(true);
});

test('a broken connection fails all batches in flight on it, and the next batch uses a new one', async () => {
  const settled = await whileHeld(async () => {
    const one = many('d');
    await untilSessionWaits(database.pool);
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
