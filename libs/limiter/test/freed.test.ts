/**
 * A call of a subject that another instance freed (a reset, a refund) goes to the database again, however long this
 * instance was disconnected and in whatever order the freeing transactions committed.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type NodeProcess, spawnNode, TcpProxy, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { laneOfKey } from '../src/subject/subject-key.js';
import { openSampleLimiter } from './sample-limiter.js';

/** Longer than any list of recently freed subjects would be kept if it were kept by time. */
const GAP_MS = 17_000;
/** From reconnecting to the first decision by the database. */
const WITHIN_MS = 3_000;

let database: TestDatabase;
const limiters: Limiter[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(limiters.map((limiter) => limiter.close()));
  await database.drop();
});

function open(options: Partial<PostgresLimiterOptions> = {}): Limiter {
  const limiter = openSampleLimiter(database.url, { pollEveryMs: 50, ...options });
  limiters.push(limiter);
  return limiter;
}

const request = (bot: string) => ({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
const keyOf = (bot: string) => `acme/publish-bot/bot=${bot}`;

/** Spends a subject's whole hour in the database, which then denies it for an hour. */
async function spendHour(bot: string): Promise<void> {
  const key = keyOf(bot);
  await database.pool.query('SELECT FROM rollgate.acquire($1, $2, $3, $4, $5, $6)', [
    [laneOfKey(key)],
    [key],
    [1_800],
    [1],
    [1_800],
    [1_800],
  ]);
}

const resetBy = (bot: string, pool: { query(text: string, values: unknown[]): Promise<unknown> } = database.pool) =>
  pool.query('SELECT rollgate.reset($1, $2)', [laneOfKey(keyOf(bot)), keyOf(bot)]);

/** Expects one denial by the database and one from memory. */
async function expectRemembered(limiter: Limiter, bot: string): Promise<void> {
  for (let i = 0; i < 2; i++)
    expect(await limiter.acquire(request(bot))).toMatchObject({ allowed: false, deniedBy: 'hour' });
}

async function allowedWithin(ask: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(20)) if (await ask()) return true;
  return false;
}

describe('after a gap', () => {
  let held: { allowed: boolean };
  let stopped: { allowed: boolean };
  let late: { allowed: boolean };

  async function behindBlackHole(): Promise<{ allowed: boolean }> {
    const proxy = await TcpProxy.start(database.url);
    const url = proxy.through(database.url);
    const limiter = open({ databaseUrl: url, budgetMs: 5_000 });
    try {
      await limiter.start();
      await spendHour('held');
      await expectRemembered(limiter, 'held');
      proxy.set({ kind: 'black-hole' });
      await resetBy('held');
      await sleep(GAP_MS);
      proxy.set({ kind: 'pass' });
      // A statement sent into the black hole takes time to fail.
      const ask = async () => (await limiter.acquire(request('held'))).allowed;
      return { allowed: await allowedWithin(ask, WITHIN_MS + 10_000) };
    } finally {
      await limiter.close();
      await proxy.close();
    }
  }

  async function stoppedProcess(): Promise<{ allowed: boolean }> {
    const script = new URL('policy-instance.mjs', import.meta.url).pathname;
    const instance: NodeProcess = await spawnNode({ script, args: [database.url], readyLine: /^ready$/ });
    let asked = 0;
    const ask = async () => {
      const n = ++asked;
      instance.send(`${n} stopped\n`);
      return (JSON.parse(await instance.waitForLine(new RegExp(`^{"n":${n},`))) as { allowed: boolean }).allowed;
    };
    try {
      await spendHour('stopped');
      for (let i = 0; i < 2; i++) expect(await ask()).toBe(false);
      instance.kill('SIGSTOP');
      await resetBy('stopped');
      await sleep(GAP_MS);
      instance.kill('SIGCONT');
      return { allowed: await allowedWithin(ask, WITHIN_MS) };
    } finally {
      instance.kill('SIGKILL');
      await instance.exited;
    }
  }

  /** A reset that is committed long after a later one. */
  async function lateCommit(): Promise<{ allowed: boolean }> {
    const limiter = open();
    await spendHour('late');
    await spendHour('soon');
    for (const bot of ['late', 'soon']) await expectRemembered(limiter, bot);
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT rollgate.reset($1, 'other/publish-bot/bot=x')`, [63]);
      await client.query(`INSERT INTO rollgate.freed (subject) VALUES ($1)`, [keyOf('late')]);
      await resetBy('soon');
      expect(await allowedWithin(async () => (await limiter.acquire(request('soon'))).allowed, WITHIN_MS)).toBe(true);
      await sleep(GAP_MS);
      await client.query('UPDATE rollgate.counter SET cleared = total, hour_next = NULL WHERE subject = $1', [
        keyOf('late'),
      ]);
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    return { allowed: await allowedWithin(async () => (await limiter.acquire(request('late'))).allowed, WITHIN_MS) };
  }

  beforeAll(async () => {
    [held, stopped, late] = await Promise.all([behindBlackHole(), stoppedProcess(), lateCommit()]);
  }, 120_000);

  test('a reset made during a network outage is noticed', () => expect(held.allowed).toBe(true));
  test('a reset made while the process was stopped is noticed', () => expect(stopped.allowed).toBe(true));
  test('a reset that commits long after a later reset is noticed', () => expect(late.allowed).toBe(true));
});
