/**
 * Counts in Postgres. The rule itself is SQL (`rollgate.acquire`, migrations/functions/acquire.sql); here arrays are bound
 * and rows are mapped.
 *
 * Invariant: each call is one statement in a transaction of its own, so a lane lock lives for one round trip.
 */
import type pg from 'pg';
import { DecisionConnections } from './decision-connections.js';
import {
  type AcquireItem,
  type AcquireResult,
  type AcquireRow,
  type Store,
  type SubjectCounts,
  stripeOf,
} from './store.js';

/** One row of arrays, an element for each item; `item` is the item's place in the batch, from 1. */
type AcquireTuple = [
  nowMs: string,
  item: string,
  granted: string,
  minuteUsed: string,
  hourUsed: string,
  minuteReset: string,
  hourReset: string,
  retryAt: string,
];
type PeekTuple = [string, number[], number[]];

type Ints = (number | null)[];
type IntColumns = [
  item: Ints,
  granted: Ints,
  minuteUsed: Ints,
  hourUsed: Ints,
  minuteReset: Ints,
  hourReset: Ints,
  retryAt: Ints,
];

/** `{1,2,NULL}` to numbers. */
function ints(literal: string): Ints {
  const list = `[${literal.slice(1, -1)}]`;
  return JSON.parse(list.includes('N') ? list.replaceAll('NULL', 'null') : list) as Ints;
}

const ACQUIRE = {
  text: 'SELECT now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7)',
  rowMode: 'array' as const,
  // Raw text: `ints` parses an array of numbers at once, the driver's parser goes by the character.
  types: { getTypeParser: () => (text: string) => text },
};

export interface PostgresStoreOptions {
  /** For decisions. */
  readonly pool: pg.Pool;
  /** For everything else, which may take longer; the same one by default. */
  readonly looks?: pg.Pool;
  /** After so long without an answer the connection of a decision is destroyed. */
  readonly acquireWithinMs?: number;
  /** A decision that has no connection after so long fails; the connection is made all the same. */
  readonly connectWithinMs?: number;
  /** So many stripes, each of which may send a batch behind one that is in flight; `pool` makes pipelines. By default none does. */
  readonly pipelinedStripes?: number;
  /** `false`: no statement is kept by name, as a pooler of transactions needs it. */
  readonly prepared?: boolean;
  /** Unix ms, for tests that own the time; by default the database's clock decides. */
  readonly clock?: (() => number) | undefined;
}

export class PostgresStore implements Store {
  readonly #pool: pg.Pool;
  readonly #looks: pg.Pool;
  readonly #connections: DecisionConnections;
  readonly #stripes: number;
  readonly #acquire: object;
  readonly #clock: (() => number) | undefined;

  constructor(options: PostgresStoreOptions) {
    const { pool, looks = pool, acquireWithinMs, connectWithinMs, pipelinedStripes, prepared = true, clock } = options;
    this.#pool = pool;
    this.#looks = looks;
    this.#connections = new DecisionConnections({ pool, connectWithinMs, pipelined: pipelinedStripes !== undefined });
    this.#stripes = pipelinedStripes ?? 1;
    this.#acquire = {
      ...ACQUIRE,
      ...(prepared ? { name: 'rollgate_acquire' } : {}),
      ...(acquireWithinMs === undefined ? {} : { query_timeout: acquireWithinMs }),
    };
    this.#clock = clock;
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const { rows } = await this.#connections.query<AcquireTuple>(stripeOf(items, this.#stripes), {
      ...(this.#acquire as typeof ACQUIRE),
      values: [
        `{${items.map((i) => i.lane).join()}}`,
        // Array literals, not arrays: the driver would escape each element, and a key holds no quote or backslash.
        `{"${items.map((i) => i.subject).join('","')}"}`,
        `{${items.map((i) => i.cost).join()}}`,
        `{${items.map((i) => i.calls).join()}}`,
        `{${items.map((i) => i.perMinute).join()}}`,
        `{${items.map((i) => i.perHour).join()}}`,
        this.#now(),
      ],
    });
    const [nowMs, ...columns] = rows[0] as AcquireTuple;
    const [item, granted, minuteUsed, hourUsed, minuteReset, hourReset, retryAt] = columns.map(ints) as IntColumns;
    const answers = new Array<AcquireRow>(items.length);
    for (let i = 0; i < item.length; i++) {
      answers[(item[i] as number) - 1] = {
        granted: granted[i] as number,
        minuteUsed: minuteUsed[i] as number,
        hourUsed: hourUsed[i] as number,
        minuteResetAt: minuteReset[i] as number | null,
        hourResetAt: hourReset[i] as number | null,
        retryAt: retryAt[i] as number | null,
      };
    }
    return { nowMs: Number(nowMs), rows: answers };
  }

  async peek(lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }> {
    const { rows } = await this.#looks.query<PeekTuple>({
      text: 'SELECT now_ms, seconds, units FROM rollgate.peek($1, $2, $3)',
      values: [lane, subjects, this.#now()],
      rowMode: 'array',
    });
    const counts = rows.map(([, seconds, units], i) => ({
      subject: subjects[i] as string,
      seconds: seconds.map((second, j) => ({ second, units: units[j] as number })),
    }));
    return { nowMs: Number(rows[0]?.[0]), counts };
  }

  async list(
    lane: number,
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
  ): Promise<string[]> {
    const { rows } = await this.#looks.query<[string]>({
      text: 'SELECT subject FROM rollgate.list_subjects($1, $2, $3, $4, $5)',
      values: [lane, prefix, after, limit, this.#now()],
      rowMode: 'array',
    });
    return rows.map(([subject]) => subject);
  }

  async refund(
    lane: number,
    { subject, second, units }: { subject: string; second: number; units: number },
  ): Promise<number> {
    const { rows } = await this.#looks.query<[number]>({
      text: 'SELECT rollgate.refund($1, $2, $3, $4)',
      values: [lane, subject, second, units],
      rowMode: 'array',
    });
    return rows[0]?.[0] ?? 0;
  }

  async reset(lane: number, subject: string): Promise<void> {
    await this.#looks.query('SELECT rollgate.reset($1, $2)', [lane, subject]);
  }

  async close(): Promise<void> {
    await this.#pool.end();
    if (this.#looks !== this.#pool) await this.#looks.end();
  }

  #now(): Date | null {
    return this.#clock ? new Date(this.#clock()) : null;
  }
}
