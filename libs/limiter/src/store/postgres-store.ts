/**
 * Counts in Postgres. The rule itself is SQL (`rollgate.acquire`, migrations/functions/acquire.sql); this module only
 * binds arrays and maps rows.
 *
 * Invariant: each method runs one statement in its own transaction, so a lane is locked for at most one round trip.
 */
import type pg from 'pg';
import type { AnsweredBatch, DecisionConnections } from '../connections/decision-connections.js';
import { AcquireStatement, type AcquireTuple } from './acquire-statement.js';
import { BrokenAnswerError } from './broken-answers.js';
import { type AcquireItem, type AcquireResult, type Store, type SubjectCounts, stripeOf } from './store.js';

type PeekTuple = [nowMs: string, subject: string, seconds: number[], units: number[]];

export interface PostgresStoreOptions {
  /** Connections for everything except decisions, and also for decisions if `decisions` is omitted. */
  readonly pool: pg.Pool;
  readonly decisions?: DecisionConnections;
  /** The statement that decides batches; by default a prepared one. */
  readonly statement?: AcquireStatement;
  /**
   * A decision without an answer after this many ms fails, and its connection is destroyed. By default there is no
   * limit.
   */
  readonly answerWithinMs?: (() => number) | undefined;
  /** The number of stripes, each of which may send a batch while another one is in flight. By default none does. */
  readonly pipelinedStripes?: number | undefined;
  /** Current time in Unix ms, for tests that control time. By default the database's clock is used. */
  readonly clock?: (() => number) | undefined;
  /** The application's name, which refunds and resets record. */
  readonly application?: string | undefined;
}

export class PostgresStore implements Store {
  readonly #pool: pg.Pool;
  readonly #decisions: DecisionConnections | undefined;
  readonly #statement: AcquireStatement;
  readonly #answerWithinMs: (() => number) | undefined;
  readonly #stripes: number;
  readonly #clock: (() => number) | undefined;
  readonly #application: string | undefined;

  constructor({
    pool,
    decisions,
    statement,
    answerWithinMs,
    pipelinedStripes,
    clock,
    application,
  }: PostgresStoreOptions) {
    this.#pool = pool;
    this.#decisions = decisions;
    this.#statement = statement ?? new AcquireStatement({ clock });
    this.#answerWithinMs = answerWithinMs;
    this.#stripes = pipelinedStripes ?? 1;
    this.#clock = clock;
    this.#application = application;
  }

  async acquire(
    items: readonly AcquireItem[],
    { durable = this.#statement.isDurable }: { readonly durable?: boolean } = {},
  ): Promise<AcquireResult> {
    const statement = this.#statement.forItems(items, { durable, answerWithinMs: this.#answerWithinMs?.() });
    const { rows, flushed } = await this.#decide(stripeOf(items, this.#stripes), statement);
    const result = this.#statement.read(items, rows);
    if (flushed === undefined || durable || !result.rows.some(({ granted }) => granted > 0)) return result;
    return { ...result, flushed: flushed() };
  }

  async flush(): Promise<void> {
    if (!this.#statement.isDurable) await this.#decisions?.flush();
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
      text: 'SELECT rollgate.refund($1, $2, $3, $4, $5)',
      values: [lane, subject, second, units, this.#application],
      rowMode: 'array',
    });
    return rows[0]?.[0] ?? 0;
  }

  async reset(lane: number, subject: string): Promise<void> {
    await this.#pool.query('SELECT rollgate.reset($1, $2, $3)', [lane, subject, this.#application]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#decisions?.close()]);
  }

  #decide(
    stripe: number,
    statement: pg.QueryArrayConfig,
  ): Promise<Pick<AnsweredBatch<AcquireTuple>, 'rows'> & Partial<AnsweredBatch<AcquireTuple>>> {
    return this.#decisions
      ? this.#decisions.decide<AcquireTuple>(stripe, statement)
      : this.#pool.query<AcquireTuple>(statement);
  }

  #now(): Date | null {
    return this.#clock ? new Date(this.#clock()) : null;
  }
}
