/** Random traffic of several instances: usage by hour must equal what was granted, refunded and denied. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { PostgresStore } from '../src/store/postgres-store.js';
import { laneOfKey } from '../src/subject/subject-key.js';
import { writeEvents } from './event-rows.js';
import { callRows, type Denial, forgetEverything, rolledTo, rollUp, step, UsageLog, usageRows } from './usage-log.js';

const RUNS = Number(process.env['ROLLGATE_ROLL_UP_RUNS'] ?? 15);
const START = Date.UTC(2026, 0, 31, 20) / 1000;
const LIMITS = { perMinute: 9, perHour: 40 };

const SUBJECTS = [
  'acme/publish-bot/bot=a',
  'acme/publish-bot/bot=b',
  'acme/publish-bot/bot=c',
  'acme/@data-access/table=t',
  'globex/publish-bot/bot=a',
  'glo%2Fbex/get-bots/',
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => forgetEverything(database.pool));

/** Seconds that pass before an action: often none, sometimes up to the next minute or hour. */
const pause = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }) },
  { weight: 3, arbitrary: fc.integer({ min: 20, max: 400 }) },
  { weight: 2, arbitrary: fc.constantFrom(59, 60, 61, 1799, 3599, 3600, 3601) },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 9000 }) },
);
const subject = fc.constantFrom(...SUBJECTS);
const acquire = fc.record({
  kind: fc.constant('acquire' as const),
  pause,
  calls: fc.array(fc.record({ subject, cost: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 4 }),
});
const refund = fc.record({
  kind: fc.constant('refund' as const),
  back: fc.nat({ max: 12 }),
  units: fc.integer({ min: 1, max: 3 }),
});
const reset = fc.record({ kind: fc.constant('reset' as const), subject });
const sweep = fc.record({ kind: fc.constant('sweep' as const) });
const steps = fc.record({ kind: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 90 }) });
const deny = fc.record({
  kind: fc.constant('deny' as const),
  subject,
  /** Seconds between the denial and its arrival in the database. */
  late: fc.oneof(
    { weight: 4, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 20_000 }) },
  ),
  window: fc.constantFrom('minute' as const, 'hour' as const),
  mode: fc.constantFrom('enforced' as const, 'enforced' as const, 'shadow' as const, 'fallback_denied' as const),
  count: fc.integer({ min: 1, max: 9 }),
  merged: fc.boolean(),
});
const action = fc.oneof(
  { weight: 12, arbitrary: acquire },
  { weight: 4, arbitrary: refund },
  { weight: 1, arbitrary: reset },
  { weight: 3, arbitrary: sweep },
  { weight: 6, arbitrary: steps },
  { weight: 4, arbitrary: deny },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** Plays the actions; two instances decide, and the roll-up takes its steps meanwhile. */
class World {
  readonly log = new UsageLog();
  now = START;
  #events = 0;
  readonly #stores = [0, 1].map(() => new PostgresStore({ pool: database.pool, clock: () => this.now * 1000 }));

  async play(one: Action): Promise<void> {
    switch (one.kind) {
      case 'acquire':
        this.now += one.pause;
        await Promise.all([...one.calls.map((call, i) => this.#acquire(call, i % 2)), this.#step()]);
        return;
      case 'refund':
        return await this.#refund(one);
      case 'reset':
        return await this.#stores[0]?.reset(laneOfKey(one.subject), one.subject);
      case 'sweep':
        for (const lane of new Set(SUBJECTS.map(laneOfKey)))
          await database.pool.query(`SELECT rollgate.sweep($1, '', '', 0, 1000, 3661, to_timestamp($2))`, [
            lane,
            this.now,
          ]);
        return;
      case 'steps':
        for (let i = 0; i < one.count; i++) await this.#step();
        return;
      case 'deny':
        return await this.#deny(one);
    }
  }

  async #step(): Promise<void> {
    await step(database.pool, { nowMs: this.now * 1000, rows: 2, ms: 0 });
  }

  async #acquire(call: { subject: string; cost: number }, instance: number): Promise<void> {
    const item = { subject: call.subject, lane: laneOfKey(call.subject), cost: call.cost, calls: 2, ...LIMITS };
    const row = (await this.#stores[instance]?.acquire([item]))?.rows[0];
    if (row !== undefined) this.log.grant(call.subject, row.second, row.granted * call.cost);
  }

  async #refund({ back, units }: { back: number; units: number }): Promise<void> {
    const grant = this.log.grants.at(-1 - back);
    if (grant === undefined) return;
    const { subject, second } = grant;
    const [taken] = await Promise.all([
      this.#stores[1]?.refund(laneOfKey(subject), { subject, second, units }),
      this.#step(),
    ]);
    this.log.refund(subject, second, taken ?? 0);
  }

  async #deny({ subject, late, window, mode, count, merged }: Extract<Action, { kind: 'deny' }>): Promise<void> {
    const [key = '', scope = ''] = subject.split('/');
    const api = scope === '@data-access' ? 'get-table-data' : scope;
    const denial: Denial = {
      account: decodeURIComponent(key),
      api,
      // An event that combines subjects does not have the scope. The API is not in the catalogue here.
      scope: merged ? api : scope,
      window,
      mode,
      firstMs: (this.now - late) * 1000,
      count,
      units: count * 2,
    };
    this.log.denials.push(denial);
    const event = eventToWrite({
      id: `e-${++this.#events}`,
      first_ms: denial.firstMs,
      account: denial.account,
      api,
      subject: merged ? '*' : subject,
      window_name: window,
      mode,
      count,
      units: count * 2,
    });
    await Promise.all([writeEvents(database.pool, [event]), this.#step()]);
  }
}

test('usage by hour is what was granted, refunded and denied', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 60 }), async (actions) => {
      await forgetEverything(database.pool);
      const world = new World();
      await step(database.pool, { nowMs: world.now * 1000, keepSeconds: 3661 });
      for (const one of actions) await world.play(one);
      world.now += 3 * 3600;
      await rollUp(database.pool, { nowMs: world.now * 1000, rows: 2 });
      const to = await rolledTo(database.pool);
      expect(to).toBe(Math.floor((world.now - 120) / 3600) * 3600);
      expect(await usageRows(database.pool)).toEqual(world.log.hours(to));
      expect(await callRows(database.pool)).toEqual(world.log.calls(to));
    }),
    { numRuns: RUNS },
  );
}, 600_000);
