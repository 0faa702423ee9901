/** A busy database is not an outage: calls queue for as long as their budget lasts, and no breaker opens meanwhile. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue, type Decision } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import type { Report } from '../src/reports.js';
import { laneOf } from '../src/subject/subject-key.js';
import { openSampleLimiter } from './sample-limiter.js';

/** Long enough for answers on a busy machine, so that only deliberate delays exceed it. */
const BUDGET_MS = 600;
const LIMIT = 1_000_000;
const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['bot'],
    limits: { perMinute: LIMIT, perHour: LIMIT },
    apis: [{ id: 'a', title: 'A' }],
  },
]);

let database: TestDatabase;
let limiters: Limiter[];
let reports: Report[];

beforeEach(async () => {
  database = await createTestDatabase();
  limiters = [];
  reports = [];
});
afterEach(async () => {
  await Promise.all(limiters.map((limiter) => limiter.close()));
  await database.drop();
});

async function open(options: Partial<PostgresLimiterOptions> = {}): Promise<Limiter> {
  const limiter = openSampleLimiter(database.url, {
    catalogue,
    budgetMs: BUDGET_MS,
    onReport: (report) => reports.push(report),
    ...options,
  });
  limiters.push(limiter);
  await limiter.start();
  await everywhere(limiter);
  // Without knowing how many instances there are, it can't decide without the database.
  await until(async () => (await everywhere(limiter)).every(({ mode }) => mode === 'enforced'), { what: 'it decides' });
  return limiter;
}

const ask = (limiter: Limiter, account: string, bot = 'b') =>
  limiter.acquire({ account, api: 'a', dimensions: { bot } });
/** Calls of sixteen accounts, so that both stripes are used. */
const everywhere = (limiter: Limiter) => Promise.all(Array.from({ length: 16 }, (_, i) => ask(limiter, `a-${i}`)));
const modes = (decisions: readonly Decision[]) => [...new Set(decisions.map(({ mode }) => mode))];
const fallbacks = (decisions: readonly Decision[]) => decisions.filter(({ mode }) => mode !== 'enforced').length;
const reported = (topic: Report['topic']) => reports.filter((one) => one.topic === topic).map(({ level }) => level);

/** Locks all lanes while `work` runs, as batches of other instances do. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const holder = await database.pool.connect();
  await holder.query('BEGIN; SELECT pg_advisory_xact_lock(7605, l) FROM generate_series(0, 63) l');
  try {
    return await work();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('locked lanes', () => {
  test('calls that wait for a lane for most of their budget are decided by the database', async () => {
    const limiter = await open();
    for (let i = 0; i < 3; i++) {
      let calls: Promise<Decision[]> | undefined;
      await whileLocked(async () => {
        calls = everywhere(limiter);
        await wait(BUDGET_MS * 0.6);
      });
      expect(modes((await calls) ?? [])).toEqual(['enforced']);
    }
    expect(reports).toEqual([]);
  });

  test('calls that wait in vain wait for their whole budget, and no breaker opens', async () => {
    const limiter = await open();
    await whileLocked(async () => {
      // More than a breaker takes, one after the other on each stripe.
      for (let i = 0; i < 5; i++) {
        const calledAt = performance.now();
        expect(modes(await everywhere(limiter))).toEqual(['fallback_allowed']);
        expect(performance.now() - calledAt).toBeGreaterThanOrEqual(BUDGET_MS - 1);
        expect(limiter.state().mode).toBe('normal');
      }
    });
    // The batch that waits gets its lanes at once, and with it the next calls are decided by the database.
    expect(modes(await everywhere(limiter))).toEqual(['enforced']);
    expect(reported('database')).toEqual([]);
    await until(() => reported('overload').length > 0, { what: 'late calls are reported' });
    expect(reports.find(({ topic }) => topic === 'overload')).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/answers, but not within the budget/),
    });
    const isOver = async () => {
      await everywhere(limiter);
      return reported('overload').includes('info');
    };
    await until(isOver, { what: 'the end is reported', pauseMs: 100 });
    expect(reported('overload')).toEqual(['warn', 'info']);
  });

  test('a subject is debited before the database decides it again', async () => {
    const limiter = await open();
    await whileLocked(async () => {
      const calls = await Promise.all(Array.from({ length: 5 }, () => ask(limiter, 'debtor')));
      expect(modes(calls)).toEqual(['fallback_allowed']);
    });
    const next = await ask(limiter, 'debtor');
    expect(next.mode).toBe('enforced');
    expect(next.windows.minute.used).toBeGreaterThan(5);
  });

  test('units granted meanwhile are debited once, without a further call', async () => {
    const limiter = await open();
    const before = await usedUnits();
    await whileLocked(async () => {
      for (let i = 0; i < 2; i++) expect(modes(await everywhere(limiter))).toEqual(['fallback_allowed']);
    });
    // At least the 32 granted alone. A batch that got its lanes too late adds its own units.
    await until(async () => (await usedUnits()) >= before + 32, { what: 'the units are debited' });
    expect(await usedUnits()).toBeLessThanOrEqual(before + 64);
  });
});

const usedUnits = async () =>
  Number((await database.pool.query('SELECT coalesce(sum(total), 0) AS units FROM rollgate.counter')).rows[0]?.units);

/** Makes each statement that decides calls of accounts like this take longer. */
async function slowAccounts(pattern: string, seconds: number): Promise<void> {
  await database.pool.query(`
    CREATE OR REPLACE FUNCTION rollgate.slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.subject LIKE '${pattern}' THEN PERFORM pg_sleep(${seconds}); END IF; RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER slow BEFORE INSERT OR UPDATE ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION rollgate.slow()`);
}

const fastAgain = () => database.pool.query('DROP TRIGGER slow ON rollgate.counter');

/** An account of another stripe than that of `slow`. */
const other = Array.from({ length: 64 }, (_, i) => `fast-${i}`).find(
  (account) => laneOf(account) % 2 !== laneOf('slow') % 2,
) as string;

describe('canceled statements', () => {
  test('open no breaker while other batches are decided', async () => {
    const limiter = await open();
    await ask(limiter, 'slow');
    await slowAccounts('slow/%', 30);
    for (let i = 0; i < 5; i++) {
      const [slow, fast] = await Promise.all([ask(limiter, 'slow'), untilSettled(limiter, other)]);
      expect(slow.mode).toBe('fallback_allowed');
      expect(fast).toEqual(['enforced']);
    }
    expect(limiter.state().mode).toBe('normal');
    await fastAgain();
    await until(async () => (await ask(limiter, 'slow')).mode === 'enforced', { what: 'the lane is decided again' });
    expect(reported('database')).toEqual([]);
  });

  test('open a breaker if no batch is decided', async () => {
    const limiter = await open();
    await ask(limiter, 'slow');
    await slowAccounts('%', 30);
    const hasFallenBack = async () => {
      await ask(limiter, 'slow');
      return limiter.state().mode === 'fallback';
    };
    await until(hasFallenBack, { what: 'the breaker opens' });
    expect(limiter.state().reason).toMatch(/statement timeout/);
    await fastAgain();
    await until(() => limiter.state().mode === 'normal', { what: 'the database decides again' });
  });

  /** Calls of the account for longer than a canceled statement takes. Returns the modes of their decisions. */
  async function untilSettled(limiter: Limiter, account: string): Promise<string[]> {
    const decisions: Decision[] = [];
    for (const end = performance.now() + 1.5 * BUDGET_MS; performance.now() < end; await wait(20))
      decisions.push(await ask(limiter, account));
    return modes(decisions);
  }
});

describe('overload', () => {
  const INSTANCES = 3;
  /** Time that each row takes: so long that the capacity depends little on the machine. */
  const ROW_MS = 10;
  /** Rows in a second: two lanes, and in each one batch of all instances at a time. */
  const CAPACITY = 2 * (1_000 / ROW_MS);

  const limitCapacity = () =>
    database.pool.query(`
      CREATE FUNCTION rollgate.slow() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(${ROW_MS / 1_000}); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION rollgate.slow()`);

  let calls = 0;
  const call = (): Promise<Decision> =>
    ask(limiters[++calls % INSTANCES] as Limiter, calls % 2 === 0 ? 'slow' : other, `b-${calls % 625}`);

  /** Makes calls at this rate. Returns their decisions, and the longest time that one took. */
  async function load(perSecond: number, seconds: number): Promise<{ decisions: Decision[]; longestMs: number }> {
    const made: Promise<Decision>[] = [];
    let longestMs = 0;
    const startedAt = performance.now();
    for (let passed = 0; passed < seconds; passed = (performance.now() - startedAt) / 1000) {
      while (made.length < passed * perSecond) {
        const calledAt = performance.now();
        made.push(call().finally(() => (longestMs = Math.max(longestMs, performance.now() - calledAt))));
      }
      await wait(5);
    }
    return { decisions: await Promise.all(made), longestMs };
  }

  test('at 150 % of the capacity the database works for calls that still wait, and decides all calls again within a second', async () => {
    for (let i = 0; i < INSTANCES; i++) await open({ pollEveryMs: 200 });
    await load(400, 2);
    const before = await usedUnits();
    await limitCapacity();
    const { decisions, longestMs } = await load(1.5 * CAPACITY, 5);
    await load(0.1 * CAPACITY, 1);
    const afterwards = await load(0.1 * CAPACITY, 1);
    expect(fallbacks(afterwards.decisions)).toBe(0);

    const late = fallbacks(decisions);
    const decided = decisions.length - late;
    expect(longestMs).toBeLessThan(BUDGET_MS + 1_000);
    expect(limiters.map((limiter) => limiter.state().mode)).toEqual(['normal', 'normal', 'normal']);
    expect(reported('database')).toEqual([]);
    expect(late).toBeGreaterThan(0);
    await fastAgain();
    // A call decided by the outage mode is spent once as a debit, and once more if its batch was decided too late.
    const spentOnce = before + decisions.length + 0.3 * CAPACITY;
    await until(async () => (await usedUnits()) >= before + decisions.length, { what: 'all units are debited' });
    const wasted = (await usedUnits()) - spentOnce;
    expect(wasted).toBeLessThan(0.8 * decided);
  }, 90_000);
});
