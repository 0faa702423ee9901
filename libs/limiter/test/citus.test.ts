/**
 * The limiter on a Citus cluster. CITUS_URL names one (docs/scale.md); without it nothing of this runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { PostgresStore } from '../src/store/postgres-store.js';
import { laneOf } from '../src/subject/subject-key.js';
import { CITUS_URL, type CitusDatabase, createCitusDatabase } from './citus-database.js';
import { agreesAcrossSweeps, agreesOnTraffic } from './model.js';
import { withMutant } from './mutant.js';
import { ADMIN, change } from './policy-author.js';
import { type RuleContext, rules } from './rules.js';
import { openSampleLimiter } from './sample-limiter.js';
import { laneStore, oneLaneStatement, Subject, T0 } from './stores.js';

const RUNS = Number(process.env['ROLLGATE_MODEL_RUNS'] ?? 100);

let database: CitusDatabase;
let races = 0;

const RETRY = 'a denial in a current head has the second of an archived unit';
const RACE = 'concurrent batches of a lane count each other';
const MUTANTS = [
  {
    name: 'both windows allow one unit more',
    routine: 'free_units',
    from: '- p_total',
    to: '- p_total + 1',
    kills: 'a call that reaches the limit is allowed, and one more is denied',
  },
  {
    name: 'the previous minute is not counted',
    routine: 'decide_lane',
    from: 'WHEN old_minute = found.minute - 1 THEN old_start ELSE total END AS prev_start',
    to: 'ELSE total END AS prev_start',
    kills: 'a burst before the minute edge counts after it',
  },
  {
    name: 'a finished minute is not archived',
    routine: 'acquire_lane',
    from: 'IF v_decided.archived IS NOT NULL THEN',
    to: 'IF false THEN',
    kills: 'every call is denied when the hour is spent, even if the minute has room',
  },
  {
    name: 'the finished minutes of a current head are not read for a denial',
    routine: 'acquire_lane',
    from: 'v_stale := p_subjects;',
    to: 'EXIT;',
    kills: RETRY,
  },
  {
    name: 'the lane is not locked',
    routine: 'enter_lanes',
    from: 'UPDATE rollgate.lane SET swept_to = swept_to WHERE lane = v_lane;',
    to: 'PERFORM FROM rollgate.lane WHERE lane = v_lane;',
    kills: RACE,
  },
];

if (CITUS_URL === undefined) {
  console.warn('CITUS_URL is not set: nothing was tested on Citus.');
  test.skip('Citus: CITUS_URL names no cluster', () => undefined);
} else {
  describe('Citus', () => {
    beforeAll(async () => {
      database = await createCitusDatabase(CITUS_URL as string);
    }, 120_000);
    afterAll(() => database?.drop());
    describe('decisions', decisions);
    describe('instances', instances);
    describe('load', load);
    describe('moves', moves);
  });
}

function decisions(): void {
  test('decisions run on the worker that has the lane', async () => {
    const client = await database.pool.connect();
    const notices: string[] = [];
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    try {
      await client.query('SET client_min_messages = debug1');
      await client.query(`SELECT item FROM rollgate.acquire_lane(1, '{x}', '{1}', '{1}', '{1}', '{1}')`);
    } finally {
      client.release(true);
    }
    expect(notices).toContain('pushing down the function call');
  });

  test.each(Object.entries(rules))('%s', async (_rule, check) => {
    await check(laneStore(database));
  });

  const modelled = () => ({
    pool: database.pool,
    open: (clock: () => number) =>
      new PostgresStore({ pool: database.pool, clock, statement: oneLaneStatement(clock) }),
  });
  test('memory and the naive log agree with it on random traffic', async () => {
    await agreesOnTraffic(modelled(), RUNS);
  }, 600_000);
  test('a sweep changes no answer', async () => {
    await agreesAcrossSweeps(modelled(), RUNS / 4);
  }, 600_000);

  test.each(MUTANTS)('the mutant $name breaks its rule', async ({ routine, from, to, kills }) => {
    const all: typeof rules = { ...rules, [RETRY]: retry, [RACE]: () => race(database.pool) };
    const check = async () => await all[kills]?.(laneStore(database));
    await check();
    await withMutant(database.pool, { routine, from, to }, async () => {
      await expect(check()).rejects.toThrow(/expect\(/);
    });
  });
}

function instances(): void {
  test('instances share a limit, which staff change', async () => {
    const limiters = [0, 1, 2].map(() => openSampleLimiter(database.url, { outage: false, events: false, stripes: 8 }));
    const call = (account: string) => ({ account, api: 'publish-bot', dimensions: { bot: 'b' } });
    const allowed = async (account: string) => {
      const calls = limiters.flatMap((limiter) => Array.from({ length: 40 }, () => limiter.acquire(call(account))));
      return (await Promise.all(calls)).filter((decision) => decision.allowed).length;
    };
    try {
      await Promise.all(limiters.map((limiter) => limiter.start()));
      expect(await allowed('acme')).toBe(60);
      const values = [{ account: 'more', api: 'publish-bot', per_minute: 100, reason: 'r' }];
      await change(database, 'create_override', { by: ADMIN, values });
      await Promise.all(limiters.map((limiter) => limiter.refreshPolicy()));
      expect(await allowed('more')).toBe(100);
    } finally {
      await Promise.all(limiters.map((limiter) => limiter.close()));
    }
  });
}

function load(): void {
  test('it decides, and the figures of this machine are printed', async () => {
    const limiter = openSampleLimiter(database.url, { outage: false, events: false, stripes: 64, connections: 12 });
    await limiter.start();
    for (const callers of [1, 64, 512]) {
      const took: number[] = [];
      const end = performance.now() + 5_000;
      const work = async (caller: number) => {
        for (let i = 0; performance.now() < end; i++) {
          const sentAt = performance.now();
          await limiter.acquire({
            account: `f-${caller % 256}`,
            api: 'publish-bot',
            dimensions: { bot: `${caller}-${i >> 4}` },
          });
          took.push(performance.now() - sentAt);
        }
      };
      await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
      took.sort((a, b) => a - b);
      const [p50, p99] = [0.5, 0.99].map((share) => took[Math.floor(took.length * share)]?.toFixed(1));
      console.info(`${callers} callers: ${Math.round(took.length / 5)} decisions/s, p50 ${p50} ms, p99 ${p99} ms`);
      expect(took.length).toBeGreaterThan(100);
    }
    await limiter.close();
  });
}

function moves(): void {
  test('moving a shard under load loses no grant', async () => {
    const limiter = openSampleLimiter(database.url, { outage: false, events: false, stripes: 64, connections: 8 });
    const calls = Array.from({ length: 24 }, (_, n) => ({
      account: `moved-${n}`,
      api: 'publish-bot',
      dimensions: { bot: 'b' },
    }));
    const allowed = calls.map(() => 0);
    let moving = true;
    const work = calls.map(async (call, n) => {
      while (moving) {
        // A call that fails may have been counted.
        const decision = await limiter.acquire(call).catch(() => undefined);
        if (decision?.allowed === true) allowed[n] = (allowed[n] as number) + 1;
        await sleep(20);
      }
    });
    const lanes = [...new Set(calls.map(({ account }) => laneOf(account)))];
    const moved = await moveShards(database, lanes.slice(0, 4));
    moving = false;
    await Promise.all(work);
    const used = await Promise.all(calls.map(async (call) => (await limiter.peek(call)).windows.hour.used));
    await limiter.close();
    expect(moved).toBeGreaterThan(0);
    expect(allowed.reduce((sum, n) => sum + n)).toBeGreaterThan(100);
    for (const [n, units] of used.entries()) expect(units).toBeGreaterThanOrEqual(allowed[n] as number);
  }, 300_000);
}

async function retry({ store, clock }: RuleContext): Promise<void> {
  const subject = new Subject(store, clock, { perMinute: 10, perHour: 2 });
  for (const at of [0, 100]) expect((await subject.ask({ at })).granted).toBe(1);
  expect((await subject.ask({ at: 101 })).retryAt).toBe(T0 / 1000 + 3601);
}

/** 8 sessions spend one limit of 50 at the same time. */
async function race(pool: pg.Pool): Promise<void> {
  const subject = `acme/publish-bot/bot=race-${++races}`;
  const acquire = async (): Promise<number> => {
    const { rows } = await pool.query<{ granted: number[] }>(
      `SELECT granted FROM rollgate.acquire_lane(17, ARRAY[$1], '{1}', '{1}', '{50}', '{50}')`,
      [subject],
    );
    return rows[0]?.granted[0] as number;
  };
  const granted = [await acquire()];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 15; i++) granted.push(await acquire());
    }),
  );
  expect(granted.reduce((sum, one) => sum + one)).toBe(50);
}

/** Moves the shards of these lanes to the other worker, one after another. @returns how many it moved */
async function moveShards({ pool, workers }: CitusDatabase, lanes: readonly number[]): Promise<number> {
  const { rows } = await pool.query<{ shard: string; host: string; port: number }>(
    `SELECT DISTINCT s.shardid AS shard, s.nodename AS host, s.nodeport AS port
     FROM unnest($1::int[]) l JOIN citus_shards s ON s.shardid = get_shard_id_for_distribution_column('rollgate.counter', l)`,
    [lanes],
  );
  for (const { shard, host, port } of rows) {
    const target = workers.find(
      (worker) => worker.host !== host || worker.port !== port,
    ) as CitusDatabase['workers'][0];
    await pool.query('SELECT citus_move_shard_placement($1, $2, $3, $4, $5)', [
      shard,
      host,
      port,
      target.host,
      target.port,
    ]);
  }
  return rows.length;
}
