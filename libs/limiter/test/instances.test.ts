/** How many instances share a limit while the database is away: the database counts them, nobody has to configure it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, startTcpProxy, type TcpProxy, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { LimiterUnavailableError } from '../src/outage/outage.js';
import { createPostgresLimiter, type PostgresLimiterOptions } from '../src/postgres-limiter.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiters: Limiter[];
beforeEach(async () => {
  database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  limiters = [];
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await Promise.all(limiters.map((limiter) => limiter.close()));
  await proxy.close();
  await database.drop();
});

/** It looks when the test says so. */
async function start(options: Partial<PostgresLimiterOptions> = {}): Promise<Limiter> {
  const databaseUrl = Object.assign(new URL(database.url), { port: String(proxy.port) }).href;
  const limiter = createPostgresLimiter({
    databaseUrl,
    janitor: false,
    budgetMs: 600,
    pollEveryMs: 3_600_000,
    ...options,
  });
  limiters.push(limiter);
  await limiter.start();
  return limiter;
}

/** Twice: an instance that divides by more says so with the look after. */
async function lookTwice(): Promise<void> {
  for (let i = 0; i < 2; i++) for (const limiter of limiters) await limiter.refreshPolicy();
}

/** Of 60 a minute: what each instance admits of twice as many calls, or that it decides nothing. */
async function admittedByEach(): Promise<(number | 'unavailable')[]> {
  const request = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'b' } };
  return await Promise.all(
    limiters.map(async (limiter) => {
      const results = await Promise.allSettled(Array.from({ length: 120 }, () => limiter.acquire(request)));
      const refused = results.filter((result) => result.status === 'rejected');
      if (refused.length > 0) {
        for (const { reason } of refused) expect(reason).toBeInstanceOf(LimiterUnavailableError);
        return 'unavailable';
      }
      return results.filter((result) => result.status === 'fulfilled' && result.value.allowed).length;
    }),
  );
}

test('three instances and no setting: half of a limit by all of them together', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10]);
});

test('looking by themselves, they know within seconds', async () => {
  for (let i = 0; i < 3; i++) await start({ pollEveryMs: 200 });
  await sleep(1_500);
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10]);
});

test('an instance that others do not count yet decides nothing by itself', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  await start();
  // It has reached its database, and the outage begins before the others know of it.
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10, 'unavailable']);
});

test('after they have looked it has its part, and theirs is smaller', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  await start();
  await lookTwice();
  await limiters.at(-1)?.refreshPolicy();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([7, 7, 7, 7]);
});

test('an instance that joins between two outages of one minute has no part of what the others have granted', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10]);
  proxy.set({ kind: 'pass' });
  for (const limiter of limiters) while (!(await limiter.refreshPolicy())) await sleep(20);
  await start();
  for (let i = 0; i < 3; i++) await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([0, 0, 0, 'unavailable']);
});

test('the largest number of the last hour counts, also after a crash of Postgres', async () => {
  for (let i = 0; i < 4; i++) await start();
  await lookTwice();
  for (const gone of limiters.splice(1)) await gone.close();
  // What a crash does to an unlogged table.
  await database.pool.query('TRUNCATE rollgate.node');
  await start();
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([7, 7]);
});

test('an hour later it is the number of now', async () => {
  for (let i = 0; i < 4; i++) await start();
  await lookTwice();
  for (const gone of limiters.splice(2)) await gone.close();
  await database.pool.query('UPDATE rollgate.instance_peak SET minute = minute - 61');
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([15, 15]);
});

describe('the setting', () => {
  test('raises the number', async () => {
    await start({ nodes: 6 });
    proxy.set({ kind: 'reset' });
    expect(await admittedByEach()).toEqual([5]);
  });

  test('never lowers it', async () => {
    for (let i = 0; i < 3; i++) await start({ nodes: 1 });
    await lookTwice();
    proxy.set({ kind: 'reset' });
    expect(await admittedByEach()).toEqual([10, 10, 10]);
  });
});

/** Repeatable, and random enough to meet every order of events. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([1, 2, 3, 4])(
  'whatever joins, leaves, looks, or misses an answer: the parts never exceed the whole (seed %i)',
  async (seed) => {
    const random = randomFrom(seed);
    const parts = new Map<string, number | null>();
    let names = 0;
    const look = async (name: string) => {
      const { rows } = await database.pool.query<{ instances: number | null }>(
        `SELECT instances FROM rollgate.sync_node($1, $1, 0, 'normal', NULL, NULL, $2)`,
        [name, parts.get(name)],
      );
      // Now and then the answer is lost; what the instance had it keeps.
      const told = rows[0]?.instances ?? null;
      if (told !== null && random(4) > 0) parts.set(name, told);
    };
    let most = 0;
    for (let step = 0; step < 150; step++) {
      const running = [...parts.keys()];
      const what = random(20);
      if (what < 3 && running.length < 8) parts.set(`i${++names}`, null);
      else if (what < 4 && running.length > 0) {
        const name = running[random(running.length)] as string;
        parts.delete(name);
        await database.pool.query('SELECT rollgate.leave_node($1)', [name]);
      } else if (what < 5) await database.pool.query('UPDATE rollgate.instance_peak SET minute = minute - 61');
      else {
        const some = running.filter(() => random(2) === 0);
        await Promise.all(some.map(look));
      }
      const whole = [...parts.values()].reduce((sum: number, part) => sum + (part === null ? 0 : 1 / part), 0);
      most = Math.max(most, whole);
      expect(whole).toBeLessThanOrEqual(1 + 1e-9);
    }
    // It comes to nearly all of it: the number is not merely too large.
    expect(most).toBeGreaterThan(0.9);
  },
);
