/** Rules of the roll-up of usage. Each check starts with empty tables and throws when its rule is broken. */

import { expect } from '@jest/globals';
import { eventToWrite } from '@rollgate/testing';
import type pg from 'pg';
import { PostgresStore } from '../src/store/postgres-store.js';
import { laneOfKey } from '../src/subject/subject-key.js';
import { writeEvents } from './event-rows.js';
import { callRows, rolledTo, rollUp, type StepOptions, step, UsageLog, usageRows } from './usage-log.js';

/** The start of an hour, the last one of its day. */
const T0 = Date.UTC(2026, 1, 28, 23) / 1000;
const HOUR = 3600;

const ACQUIRE = 'SELECT granted[1] AS granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7)';

/** A limiter's store, a roll-up that begins with the hour of T0, and a log of what was granted and denied. */
class World {
  readonly log = new UsageLog();
  nowMs = T0 * 1000;
  readonly store: PostgresStore;
  #events = 0;

  private constructor(readonly pool: pg.Pool) {
    this.store = new PostgresStore({ pool, clock: () => this.nowMs });
  }

  static async begin(pool: pg.Pool): Promise<World> {
    const world = new World(pool);
    await world.at(120).step({ keepSeconds: HOUR });
    return world.at(0);
  }

  step(options: Partial<StepOptions> = {}) {
    return step(this.pool, { nowMs: this.nowMs, ...options });
  }

  rollUp(options: Partial<StepOptions> = {}) {
    return rollUp(this.pool, { nowMs: this.nowMs, ...options });
  }

  /** Steps, one page at a time, until the roll-up has done this. */
  async stepTo(did: string, options: Partial<StepOptions> = {}): Promise<void> {
    for (let steps = 0; steps < 1000; steps++) {
      const done = await this.step({ ms: 0, ...options });
      if (done.did?.startsWith(did)) return;
    }
    throw new Error(`the roll-up did not get to "${did}"`);
  }

  /** @param at in seconds after T0 */
  at(at: number): this {
    this.nowMs = (T0 + at) * 1000;
    return this;
  }

  async spend(subject: string, units: number): Promise<void> {
    const item = { subject, lane: laneOfKey(subject), cost: 1, calls: units, perMinute: 1000, perHour: 10_000 };
    const row = (await this.store.acquire([item])).rows[0];
    if (row !== undefined) this.log.grant(subject, row.second, row.granted);
  }

  /** @param at of the grant, in seconds after T0 */
  async refund(subject: string, { at, units }: { at: number; units: number }): Promise<void> {
    const taken = await this.store.refund(laneOfKey(subject), { subject, second: T0 + at, units });
    this.log.refund(subject, T0 + at, taken);
    expect(taken).toBe(units);
  }

  /** Writes a denied call of that time to the database, and to the log. */
  async deny(
    at: number,
    { client = this.pool, count = 1 }: { client?: pg.Pool | pg.PoolClient; count?: number } = {},
  ): Promise<void> {
    const firstMs = (T0 + at) * 1000;
    const [account, api, window, mode] = ['acme', 'publish-bot', 'minute', 'enforced'] as const;
    this.log.denials.push({ account, api, scope: api, window, mode, firstMs, count, units: count * 3 });
    const event = eventToWrite({ id: `e-${++this.#events}`, first_ms: firstMs, count, units: count * 3 });
    await writeEvents(client as pg.Pool, [event]);
  }

  async sweep(): Promise<number> {
    let unrolled = 0;
    for (let lane = 0; lane < 64; lane++) {
      const { rows } = await this.pool.query<{ unrolled: number }>(
        `SELECT unrolled FROM rollgate.sweep($1, '', '', 0, 1000, 3661, $2)`,
        [lane, new Date(this.nowMs)],
      );
      unrolled += rows[0]?.unrolled ?? 0;
    }
    return unrolled;
  }

  /** Usage by hour and denied calls are what was granted and denied, up to the hour that is rolled up. */
  async expectExact({ to }: { to: number }): Promise<void> {
    expect(await rolledTo(this.pool)).toBe(T0 + to);
    expect(await usageRows(this.pool)).toEqual(this.log.hours(T0 + to));
    expect(await callRows(this.pool)).toEqual(this.log.calls(T0 + to));
  }
}

const BOT = 'acme/publish-bot/bot=b';

export const rollUpRules: Readonly<Record<string, (pool: pg.Pool) => Promise<void>>> = {
  async 'an hour holds the units of every subject, on whatever page and in whichever table'(pool) {
    const world = await World.begin(pool);
    for (const second of [0, 61, 1800, 3599]) {
      world.at(second);
      for (let bot = 0; bot < 7; bot++) await world.spend(`acme/publish-bot/bot=${bot}`, bot + 1);
      await world.spend('acme/@data-access/table=t', 2);
      await world.spend(`globex/get-bots/user=${second}`, 5);
    }
    await world.at(HOUR + 120).rollUp({ rows: 3, ms: 0 });
    await world.expectExact({ to: HOUR });
  },

  async 'peaks are those of the rolling windows, which begin in the hour before'(pool) {
    const world = await World.begin(pool);
    for (const [at, units] of [
      [0, 3],
      [3570, 20],
      [3599, 30],
      [3600, 7],
      [3630, 5],
      [3660, 1],
      [7100, 6],
      [7160, 5],
    ] as const) {
      await world.at(at).spend(BOT, units);
      await world.spend('acme/publish-bot/bot=other', 2);
    }
    await world.at(2 * HOUR + 120).rollUp();
    const { rows } = await pool.query(
      `SELECT extract(epoch FROM h.hour)::int AS hour, h.peak_minute, h.peak_hour FROM rollgate.usage_hour h ORDER BY h.hour`,
    );
    const peak = (hour: number, length: number) =>
      world.log.peak(T0 + hour, { account: 'acme', api: 'publish-bot', length });
    expect(rows).toEqual([
      { hour: T0, peak_minute: peak(0, 60), peak_hour: peak(0, 3600) },
      { hour: T0 + HOUR, peak_minute: peak(HOUR, 60), peak_hour: peak(HOUR, 3600) },
    ]);
    expect(rows).toMatchObject([
      { peak_minute: 50, peak_hour: 53 },
      { peak_minute: 62, peak_hour: 74 },
    ]);
  },

  async 'a decision that is under way at the end of the hour is waited for'(pool) {
    const world = await World.begin(pool);
    const decision = await pool.connect();
    try {
      await decision.query('BEGIN');
      const at = new Date((T0 + 3599) * 1000);
      await decision.query(ACQUIRE, [[laneOfKey(BOT)], [BOT], [1], [4], [9], [9], at]);
      world.log.grant(BOT, T0 + 3599, 4);
      world.at(HOUR + 300);
      await world.step();
      for (let i = 0; i < 3; i++) expect(await world.step()).toMatchObject({ did: null, held_up: true });
      await decision.query('COMMIT');
    } finally {
      decision.release(true);
    }
    await world.rollUp();
    await world.expectExact({ to: HOUR });
  },

  async 'a decision that begins after the hour was sealed is not waited for'(pool) {
    const world = await World.begin(pool);
    const [before, after] = [await pool.connect(), await pool.connect()];
    try {
      const hold = 'BEGIN; SELECT pg_advisory_xact_lock(7605, $1)';
      await before.query(hold.replace('$1', '1'));
      await world.at(HOUR + 300).step();
      expect((await world.step()).held_up).toBe(true);
      await after.query(hold.replace('$1', '2'));
      await before.query('COMMIT');
      expect((await world.step()).held_up).toBe(false);
    } finally {
      before.release(true);
      after.release(true);
    }
  },

  async 'no unit is counted in a sealed hour, even if the clock steps back'(pool) {
    const world = await World.begin(pool);
    await world.at(3599).spend(BOT, 1);
    await world.at(HOUR + 120).rollUp();
    await world.at(1800).spend('acme/publish-bot/bot=another', 3);
    await world.at(2 * HOUR + 120).rollUp();
    await world.expectExact({ to: 2 * HOUR });
  },

  async 'an hour is not sealed while its events are being written'(pool) {
    const world = await World.begin(pool);
    await world.deny(10);
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await world.deny(3599, { client: writer, count: 6 });
      world.at(HOUR + 120);
      expect(await world.step()).toMatchObject({ did: null, held_up: true });
      await writer.query('COMMIT');
    } finally {
      writer.release(true);
    }
    await world.rollUp();
    await world.expectExact({ to: HOUR });
  },

  async 'events that arrive late are added up, in the hour and in the day'(pool) {
    const world = await World.begin(pool);
    await world.deny(10);
    await world.at(HOUR + 120).rollUp();
    await world.deny(20, { count: 4 });
    await world.deny(HOUR - 1);
    await world.rollUp();
    await world.expectExact({ to: HOUR });
    const { rows } = await pool.query(
      'SELECT day::text, denied::int, minutes_denied FROM rollgate.usage_day d JOIN rollgate.usage_series s ON s.id = d.series',
    );
    expect(rows).toEqual([{ day: '2026-02-28', denied: 18, minutes_denied: 2 }]);
  },

  async 'an event that arrives while its hour is added up counts once'(pool) {
    const world = await World.begin(pool);
    for (let minute = 0; minute < 3; minute++) for (let i = 0; i < 12; i++) await world.deny(minute * 60 + i);
    world.at(HOUR + 120);
    await world.stepTo('sealed');
    await world.deny(5);
    await world.stepTo('denials', { rows: 1 });
    await world.deny(6);
    await world.deny(121);
    await world.rollUp({ rows: 1, ms: 0 });
    await world.expectExact({ to: HOUR });
  },

  async 'a refund is taken off once, before, during and after the roll-up of its hour'(pool) {
    const world = await World.begin(pool);
    await world.at(10).spend(BOT, 9);
    await world.at(100).spend(BOT, 9);
    await world.at(HOUR + 1).spend(BOT, 1);
    await world.refund(BOT, { at: 10, units: 1 });
    world.at(HOUR + 120);
    await world.stepTo('sealed');
    await world.refund(BOT, { at: 10, units: 1 });
    await world.refund(BOT, { at: 100, units: 1 });
    await world.stepTo('units');
    await world.refund(BOT, { at: 100, units: 2 });
    await world.rollUp();
    await world.expectExact({ to: HOUR });
    await world.refund(BOT, { at: 100, units: 3 });
    await world.rollUp();
    await world.expectExact({ to: HOUR });
    const { rows } = await pool.query('SELECT admitted::int FROM rollgate.usage_day');
    expect(rows).toEqual([{ admitted: 10 }]);
  },

  async 'no minute is removed before it is added up'(pool) {
    const world = await World.begin(pool);
    for (const second of [0, 60, 3540]) await world.at(second).spend(BOT, 5);
    await world.at(30).spend('acme/publish-bot/bot=idle', 2);
    await world.at(HOUR + 3600).step({ keepSeconds: 3661 });
    world.at(3 * HOUR);
    expect(await world.sweep()).toBe(0);
    await world.rollUp();
    await world.expectExact({ to: 2 * HOUR });
    const { rows } = await pool.query('SELECT peak_hour FROM rollgate.usage_hour');
    expect(rows).toEqual([{ peak_hour: 15 }]);
    expect(await world.sweep()).toBe(0);
    expect((await pool.query('SELECT FROM rollgate.counter')).rows).toEqual([]);
  },

  async 'a day is the sum of its hours'(pool) {
    const world = await World.begin(pool);
    for (const [at, units] of [
      [10, 7],
      [HOUR + 10, 2],
      [HOUR + 20, 4],
      [3 * HOUR, 3],
    ] as const) {
      await world.at(at).spend(BOT, units);
      await world.spend('globex/get-bots/', units * 2);
      await world.deny(at, { count: units });
    }
    await world.at(26 * HOUR).rollUp({ rows: 1, ms: 0 });
    const { rows } = await pool.query(
      `SELECT d.day::text, s.account, d.admitted::int, d.denied::int, d.peak_minute, d.minutes_denied
       FROM rollgate.usage_day d JOIN rollgate.usage_series s ON s.id = d.series ORDER BY 1, 2`,
    );
    expect(rows).toEqual([
      { day: '2026-02-28', account: 'acme', admitted: 7, denied: 21, peak_minute: 7, minutes_denied: 1 },
      { day: '2026-02-28', account: 'globex', admitted: 14, denied: 0, peak_minute: 14, minutes_denied: 0 },
      { day: '2026-03-01', account: 'acme', admitted: 9, denied: 27, peak_minute: 6, minutes_denied: 2 },
      { day: '2026-03-01', account: 'globex', admitted: 18, denied: 0, peak_minute: 12, minutes_denied: 0 },
    ]);
  },
};
