/** Opens either store in the same way, driven by the test's clock. */
import { TestClock, type TestDatabase } from '@rollgate/testing';
import type pg from 'pg';
import { AcquireStatement } from '../src/store/acquire-statement.js';
import { MemoryStore } from '../src/store/memory-store.js';
import { PostgresStore } from '../src/store/postgres-store.js';
import type { AcquireItem, AcquireResult, AcquireRow, Store } from '../src/store/store.js';

export const T0 = Date.UTC(2026, 0, 1); // a full hour

/** Makes calls of one subject of one store under fixed limits, one after another. */
export class Subject {
  static #count = 0;
  readonly name: string;

  constructor(
    readonly store: Store,
    readonly clock: TestClock,
    readonly limits: { perMinute: number; perHour: number },
    readonly lane = 1,
  ) {
    this.name = `acme/publish-bot/bot=b-${++Subject.#count}`;
  }

  /** `at` is in seconds after T0. */
  async ask({ at, cost = 1, calls = 1 }: { at: number; cost?: number; calls?: number }): Promise<AcquireRow> {
    this.clock.set(T0 + Math.round(at * 1000));
    const item: AcquireItem = { subject: this.name, lane: this.lane, cost, calls, ...this.limits };
    const { rows } = await this.store.acquire([item]);
    return rows[0] as AcquireRow;
  }

  /** Units used in both windows, as read by peek. */
  async used({ at }: { at: number }): Promise<{ minute: number; hour: number }> {
    this.clock.set(T0 + Math.round(at * 1000));
    const { counts } = await this.store.peek(this.lane, [this.name]);
    const seconds = counts[0]?.seconds ?? [];
    const newest = seconds.at(-1)?.second ?? 0;
    const now = Math.max(Math.floor(this.clock.nowMs / 1000), newest);
    const since = (oldest: number) => seconds.reduce((sum, s) => sum + (s.second >= oldest ? s.units : 0), 0);
    return { minute: since(now - 60), hour: since(now - 3600) };
  }
}

export function memoryStore(): { store: Store; clock: TestClock } {
  const clock = new TestClock(T0);
  return { store: new MemoryStore({ clock: () => clock.nowMs }), clock };
}

export function postgresStore(database: Pick<TestDatabase, 'pool'> | { pool: pg.Pool }): {
  store: PostgresStore;
  clock: TestClock;
} {
  const clock = new TestClock(T0);
  return { store: new PostgresStore({ pool: database.pool, clock: () => clock.nowMs }), clock };
}

/** Decides with rollgate.acquire_lane, the form for Citus. */
export function laneStore(database: { pool: pg.Pool }): { store: PostgresStore; clock: TestClock } {
  const clock = new TestClock(T0);
  const now = () => clock.nowMs;
  return { store: new PostgresStore({ pool: database.pool, statement: oneLaneStatement(now), clock: now }), clock };
}

export function oneLaneStatement(clock: () => number): AcquireStatement {
  const statement = new AcquireStatement({ clock });
  statement.oneLane = true;
  return statement;
}

/** Decides each single item in one batch with another subject, because Postgres has a statement of its own for a single item. */
export class PairedStore extends PostgresStore {
  override async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const [item] = items;
    if (item === undefined || items.length > 1) return await super.acquire(items);
    const other = { subject: `${item.subject}-2`, lane: item.lane, cost: 1, calls: 1, perMinute: 1e6, perHour: 1e6 };
    const { nowMs, rows } = await super.acquire([other, item]);
    return { nowMs, rows: rows.slice(1) };
  }
}

export function pairedStore({ pool }: Pick<TestDatabase, 'pool'>): { store: PairedStore; clock: TestClock } {
  const clock = new TestClock(T0);
  return { store: new PairedStore({ pool, clock: () => clock.nowMs }), clock };
}
