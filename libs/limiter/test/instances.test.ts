/**
 * The number of instances that share a limit while the database is unavailable is counted by the database and needs no
 * configuration.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, TcpProxy, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { LimiterUnavailableError } from '../src/outage/outage.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let proxy: TcpProxy;
let limiters: Limiter[];
beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await TcpProxy.start(database.url);
  limiters = [];
});
afterEach(async () => {
  proxy.set({ kind: 'pass' });
  await Promise.all(limiters.map((limiter) => limiter.close()));
  await proxy.close();
  await database.drop();
});

/** Starts an instance that polls only when the test says so. */
async function start(options: Partial<PostgresLimiterOptions> = {}): Promise<Limiter> {
  const databaseUrl = proxy.through(database.url);
  const limiter = openSampleLimiter(databaseUrl, { budgetMs: 600, pollEveryMs: 3_600_000, ...options });
  limiters.push(limiter);
  await limiter.start();
  return limiter;
}

/** Polls twice: an instance that divides by a larger number reports it with the following poll. */
async function lookTwice(): Promise<void> {
  for (let i = 0; i < 2; i++) for (const limiter of limiters) await limiter.refreshPolicy();
}

/** For a limit of 60 a minute: how many of 120 calls each instance allows, or 'unavailable' if it decides nothing. */
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

test('without a setting, three instances together allow half of a limit', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10]);
});

test('instances that poll by themselves know their number within seconds', async () => {
  for (let i = 0; i < 3; i++) await start({ pollEveryMs: 200 });
  await sleep(1_500);
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10]);
});

test('an instance that the others do not count yet decides nothing by itself', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  await start();
  // The new instance has reached its database, and the outage begins before the others know about it.
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([10, 10, 10, 'unavailable']);
});

test('after the others have polled, a new instance has its share and theirs are smaller', async () => {
  for (let i = 0; i < 3; i++) await start();
  await lookTwice();
  await start();
  await lookTwice();
  await limiters.at(-1)?.refreshPolicy();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([7, 7, 7, 7]);
});

test('an instance that joins between two outages of one minute gets no share of what the others have granted', async () => {
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

test('the largest number of instances in the last hour counts, also after a crash of Postgres', async () => {
  for (let i = 0; i < 4; i++) await start();
  await lookTwice();
  for (const gone of limiters.splice(1)) await gone.close();
  // A crash empties an unlogged table.
  await database.pool.query('TRUNCATE rollgate.instance');
  await start();
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([7, 7]);
});

test('an hour later the current number of instances counts', async () => {
  for (let i = 0; i < 4; i++) await start();
  await lookTwice();
  for (const gone of limiters.splice(2)) await gone.close();
  await database.pool.query('UPDATE rollgate.instance_peak SET minute = minute - 61');
  await lookTwice();
  proxy.set({ kind: 'reset' });
  expect(await admittedByEach()).toEqual([15, 15]);
});

describe('the setting for the number of instances', () => {
  test('the setting raises the number of instances', async () => {
    await start({ instances: 6 });
    proxy.set({ kind: 'reset' });
    expect(await admittedByEach()).toEqual([5]);
  });

  test('the setting never lowers the number of instances', async () => {
    for (let i = 0; i < 3; i++) await start({ instances: 1 });
    await lookTwice();
    proxy.set({ kind: 'reset' });
    expect(await admittedByEach()).toEqual([10, 10, 10]);
  });
});

/** A repeatable random sequence that covers every order of events. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([1, 2, 3, 4])(
  'the shares never exceed the whole when instances join, leave, poll or miss an answer (seed %i)',
  async (seed) => {
    const random = randomFrom(seed);
    const parts = new Map<string, number | null>();
    let names = 0;
    const look = async (name: string) => {
      const { rows } = await database.pool.query<{ instances: number | null }>(
        `SELECT instances FROM rollgate.sync_instance($1, $1, 0, 'normal', NULL, NULL, $2)`,
        [name, parts.get(name)],
      );
      // Sometimes the answer is lost, and the instance keeps its previous share.
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
        await database.pool.query('SELECT rollgate.leave_instance($1)', [name]);
      } else if (what < 5) await database.pool.query('UPDATE rollgate.instance_peak SET minute = minute - 61');
      else {
        const some = running.filter(() => random(2) === 0);
        await Promise.all(some.map(look));
      }
      const whole = [...parts.values()].reduce((sum: number, part) => sum + (part === null ? 0 : 1 / part), 0);
      most = Math.max(most, whole);
      expect(whole).toBeLessThanOrEqual(1 + 1e-9);
    }
    // The shares must nearly add up to the whole, so the number is not simply too large.
    expect(most).toBeGreaterThan(0.9);
  },
);
