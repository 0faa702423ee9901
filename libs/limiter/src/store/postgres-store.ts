/**
 * Counts in Postgres. The rule itself is SQL (`rollgate.acquire`, migrations/functions/acquire.sql); this module only
 * binds arrays and maps rows.
 *
 * Invariant: each method runs one statement in its own transaction, so a lane is locked for at most one round trip.
 */
import type pg from 'pg';
import type { DecisionConnections } from '../connections/decision-connections.js';
import { BrokenAnswerError } from '../connections/faults.js';
import { rowsByItem } from './answer-rows.js';
import { type AcquireItem, type AcquireResult, type Store, type SubjectCounts, stripeOf } from './store.js';

/** One row of arrays, as text from Postgres. */
type AcquireTuple = [
  nowMs: string,
  item: string,
  granted: string,
  minuteUsed: string,
  hourUsed: string,
  minuteReset: string,
  hourReset: string,
  retryAt: string,
  second: string | null,
];
type PeekTuple = [nowMs: string, subject: string, seconds: number[], units: number[]];

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

/** Parses an array literal such as `{1,2,NULL}` into numbers. */
function ints(literal: string): Ints {
  const list = `[${literal.slice(1, -1)}]`;
  return JSON.parse(list.includes('N') ? list.replaceAll('NULL', 'null') : list) as Ints;
}

const ACQUIRE = {
  text: `SELECT now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
         FROM rollgate.acquire($1, $2, $3, $4, $5, $6, $7)`,
  rowMode: 'array' as const,
  // Return raw text: `ints` parses a whole array of numbers at once, and the driver's parser goes character by
  // character.
  types: { getTypeParser: () => (text: string) => text },
};

export interface PostgresStoreOptions {
  /** Connections for everything except decisions, and also for decisions if `decisions` is omitted. */
  readonly pool: pg.Pool;
  readonly decisions?: DecisionConnections;
  /**
   * A decision without an answer after this many ms fails, and its connection is destroyed. By default there is no
   * limit.
   */
  readonly answerWithinMs?: () => number;
  /** The number of stripes, each of which may send a batch while another one is in flight. By default none does. */
  readonly pipelinedStripes?: number;
  /** Set to `false` to use no named prepared statements, as a transaction pooler requires. */
  readonly prepared?: boolean;
  /** Current time in Unix ms, for tests that control time. By default the database's clock is used. */
  readonly clock?: (() => number) | undefined;
}

export class PostgresStore implements Store {
  readonly #pool: pg.Pool;
  readonly #decisions: DecisionConnections | undefined;
  readonly #answerWithinMs: (() => number) | undefined;
  readonly #stripes: number;
  readonly #acquire: typeof ACQUIRE;
  readonly #clock: (() => number) | undefined;

  constructor({ pool, decisions, answerWithinMs, pipelinedStripes, prepared = true, clock }: PostgresStoreOptions) {
    this.#pool = pool;
    this.#decisions = decisions;
    this.#answerWithinMs = answerWithinMs;
    this.#stripes = pipelinedStripes ?? 1;
    this.#acquire = { ...ACQUIRE, ...(prepared ? { name: 'rollgate_acquire' } : {}) };
    this.#clock = clock;
  }

  /**
   * Runs an empty decision on a new connection, so that its first batch finds the statement prepared and the function
   * compiled.
   *
   * @throws the error of Postgres, e.g. that the function is missing
   */
  async warmUp(client: pg.ClientBase): Promise<void> {
    await client.query({ ...this.#acquire, values: ['{}', '{}', '{}', '{}', '{}', '{}', this.#now()] });
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const { rows } = await this.#decide(stripeOf(items, this.#stripes), {
      ...this.#acquire,
      ...(this.#answerWithinMs ? { query_timeout: this.#answerWithinMs() } : {}),
      values: [
        `{${items.map((i) => i.lane).join()}}`,
        // Pass array literals: the driver would escape each element of an array, and a key contains no quote or
        // backslash.
        `{"${items.map((i) => i.subject).join('","')}"}`,
        `{${items.map((i) => i.cost).join()}}`,
        `{${items.map((i) => i.calls).join()}}`,
        `{${items.map((i) => i.perMinute).join()}}`,
        `{${items.map((i) => i.perHour).join()}}`,
        this.#now(),
      ],
    });
    if (rows.length !== 1) throw new BrokenAnswerError(`${rows.length} answers to one batch`);
    const answer = rows[0] as AcquireTuple;
    const nowMs = Number(answer[0]);
    const columns = answer.slice(1, -1);
    if (columns.includes(null)) throw new BrokenAnswerError('a column is missing');
    const [item, granted, minuteUsed, hourUsed, minuteReset, hourReset, retryAt] = columns.map((literal) =>
      ints(literal as string),
    ) as IntColumns;
    const seconds = answer.at(-1) as AcquireTuple[8];
    const second = seconds === null ? undefined : ints(seconds);
    const byItem = { item, granted, minuteUsed, hourUsed, minuteReset, hourReset, retryAt, second };
    return { nowMs, rows: rowsByItem(items, byItem, nowMs) };
  }

  async peek(lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }> {
    const { rows } = await this.#pool.query<PeekTuple>({
      text: 'SELECT now_ms, subject, seconds, units FROM rollgate.peek($1, $2, $3)',
      values: [lane, subjects, this.#now()],
      rowMode: 'array',
    });
    const bySubject = new Map(rows.map((row) => [row[1], row]));
    const counts = subjects.map((subject) => {
      const row = bySubject.get(subject);
      if (row === undefined) throw new BrokenAnswerError('a subject has no counts');
      const [, , seconds, units] = row;
      return { subject, seconds: seconds.map((second, i) => ({ second, units: units[i] as number })) };
    });
    return { nowMs: Number(rows[0]?.[0]), counts };
  }

  async list(
    lane: number,
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
  ): Promise<string[]> {
    const { rows } = await this.#pool.query<[string]>({
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
    const { rows } = await this.#pool.query<[number]>({
      text: 'SELECT rollgate.refund($1, $2, $3, $4)',
      values: [lane, subject, second, units],
      rowMode: 'array',
    });
    return rows[0]?.[0] ?? 0;
  }

  async reset(lane: number, subject: string): Promise<void> {
    await this.#pool.query('SELECT rollgate.reset($1, $2)', [lane, subject]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#decisions?.close()]);
  }

  #decide(stripe: number, statement: pg.QueryArrayConfig): Promise<pg.QueryArrayResult<AcquireTuple>> {
    return this.#decisions
      ? this.#decisions.query<AcquireTuple>(stripe, statement)
      : this.#pool.query<AcquireTuple>(statement);
  }

  #now(): Date | null {
    return this.#clock ? new Date(this.#clock()) : null;
  }
}
