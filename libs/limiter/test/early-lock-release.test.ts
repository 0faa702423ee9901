/** A grant is reported only after a flush that follows its commit; denials do not wait; the flush is shared. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { laneOf } from '../src/subject/subject-key.js';
import { type HeldFlush, holdFlush } from './held-flush.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let limiter: Limiter;
let flush: HeldFlush;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await flush.release();
  await limiter.close();
  await database.drop();
});

/** Opens a limiter whose three connections are ready, and then holds its flushes. */
async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<void> {
  limiter = openSampleLimiter(database.url, { events: false, ...options });
  await limiter.start();
  // On a busy machine the first round trips are those of a distant database.
  for (let i = 0; i < 8; i++) await limiter.refreshPolicy();
  const ready = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'rollgate' AND state = 'idle' AND query ~ '${options.outage === false ? 'rollgate.flush' : 'lock_timeout'}'`;
  await until(async () => (await database.pool.query(ready)).rowCount === 3, { what: 'three connections are ready' });
  flush = await holdFlush(database);
}

const ask = (bot: string, account = 'acme'): Promise<Decision> =>
  limiter.acquire({ account, api: 'publish-bot', dimensions: { bot } });
/** An account of the other stripe. */
const OTHER = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].find((name) => laneOf(name) % 2 !== laneOf('acme') % 2) as string;

/** The units that the database counts. */
async function counted(bot: string, account = 'acme'): Promise<number> {
  const { rows } = await database.pool.query<{ total: number }>(
    'SELECT total::int AS total FROM rollgate.counter WHERE subject = $1',
    [`${account}/publish-bot/bot=${bot}`],
  );
  return rows[0]?.total ?? 0;
}
const untilCounted = (bot: string, units: number, account?: string) =>
  until(async () => (await counted(bot, account)) === units, { what: `${units} units of ${bot} are committed` });

/** Whether the call is still waiting after the database has answered other statements. */
async function isWaiting(call: Promise<unknown>): Promise<boolean> {
  for (let i = 0; i < 5; i++) await database.pool.query('SELECT pg_sleep(0.01)');
  return await Promise.race([call.then(() => false), Promise.resolve(true)]);
}

test('a grant is committed and its lane is free before the flush, and it is reported after the flush', async () => {
  await open();
  const call = ask('b');
  await untilCounted('b', 1);
  await database.pool.query('SELECT rollgate.enter_lanes($1)', [laneOf('acme')]);
  expect(await isWaiting(call)).toBe(true);
  await flush.release();
  expect(await call).toMatchObject({ allowed: true, mode: 'enforced' });
  expect(await flush.begun()).toBe(1);
});

test('denied calls are answered while the granted calls of the same batch wait for the flush', async () => {
  await open();
  // The limit is 60 a minute.
  const calls = Array.from({ length: 70 }, () => ask('b'));
  const denied = await Promise.all(calls.slice(60));
  expect(denied.map(({ deniedBy }) => deniedBy)).toEqual(Array.from({ length: 10 }, () => 'minute'));
  expect(await isWaiting(Promise.any(calls.slice(0, 60)))).toBe(true);
  await flush.release();
  expect((await Promise.all(calls.slice(0, 60))).every(({ allowed }) => allowed)).toBe(true);
});

test('a batch that grants nothing does not flush, whether it is alone or behind another one', async () => {
  await open({ maxDeniedSubjects: 1 });
  const call = { account: 'acme', api: 'publish-bot', cost: 61 };
  expect(await limiter.acquire({ ...call, dimensions: { bot: 'alone' } })).toMatchObject({ deniedBy: 'minute' });
  expect(await flush.begun()).toBe(0);
  const granted = ask('b');
  await flush.untilWaiting(1);
  expect(await limiter.acquire({ ...call, dimensions: { bot: 'behind' } })).toMatchObject({ deniedBy: 'minute' });
  expect(await flush.begun()).toBe(1);
  await flush.release();
  expect(await granted).toMatchObject({ allowed: true });
});

test('batches that are answered during a flush share the next one', async () => {
  await open();
  const alone = ask('alone');
  await flush.untilWaiting(1);
  const second = ask('second', OTHER);
  await flush.untilWaiting(2);
  const others = [];
  for (const bot of ['c', 'd', 'e', 'f']) {
    others.push(ask(bot));
    await untilCounted(bot, 1);
  }
  expect(await flush.begun()).toBe(2);
  await flush.release();
  expect((await Promise.all([alone, second, ...others])).every(({ allowed }) => allowed)).toBe(true);
  // One flush of the call that was alone, one of the second batch, and one of the four batches that came during it.
  expect(await flush.begun()).toBe(3);
});

test.each(['alone', 'shared'])(
  'a %s flush whose connection is lost gives no grant, and the units stay spent',
  async (kind) => {
    await open({ outage: false });
    const first = kind === 'shared' ? ask('first') : undefined;
    if (first !== undefined) await flush.untilWaiting(1);
    const call = ask('b');
    call.catch(() => undefined);
    first?.catch(() => undefined);
    await flush.untilWaiting(first === undefined ? 1 : 2);
    await flush.terminate();
    await expect(call).rejects.toMatchObject({ name: 'NotFlushedError' });
    await flush.release();
    expect(await counted('b')).toBe(1);
    expect(await ask('b')).toMatchObject({ allowed: true, windows: { minute: { used: 2 } } });
  },
);

test('a flush that is too late is an outage: the call is decided without the database, and the first grant stays spent', async () => {
  await open({ budgetMs: 200, pollEveryMs: 50, onReport: () => undefined });
  const decision = await ask('b');
  expect(decision).toMatchObject({ allowed: true, mode: 'fallback_allowed' });
  for (let i = 0; i < 6; i++) await ask(`more-${i}`);
  // The database answers, but it is not available: it can make no grant safe.
  expect(limiter.state().mode).toBe('fallback');
  await flush.release();
  await until(() => limiter.state().mode === 'normal', { what: 'the database decides again' });
  // One unit of the grant that no caller received, and one debit of the grant made without the database.
  await untilCounted('b', 2);
}, 60_000);

test('closing waits for the flushes of granted calls', async () => {
  await open();
  const call = ask('b');
  await flush.untilWaiting(1);
  const closed = limiter.close();
  expect(await isWaiting(closed)).toBe(true);
  await flush.release();
  expect(await call).toMatchObject({ allowed: true, mode: 'enforced' });
  await closed;
});
