/**
 * Counts denials by second and brings them to the database about once a second, off the path of calls.
 *
 * Invariants: each denial is counted once, also when the database is away or a write's outcome is not known (the same rows
 * are sent again and are written once, by their ids); one write is under way at a time; memory is bounded (event-book.ts).
 * A process that is killed takes with it the last second (of denials that no wait helps, the last minute), and whatever a
 * database that was away kept it from writing.
 * Where events had to be added up, the ids of the denials of all but the first lead nowhere.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Reports } from '../reports.js';
import { EventBook } from './event-book.js';
import { type Counted, type LimitEvent, type Outcome, rowOf } from './limit-event.js';
import { Sampler } from './sampler.js';

/** Of one statement: some 30 ms of the database. */
const BATCH_ROWS = 500;
/** Of one flush, so that an attack of many subjects does not fill the database with rows: what is left is added up in time. */
const FLUSH_ROWS = 2000;
const CLOSE_RETRY_MS = 100;
const REPORT_UNWRITTEN_AFTER_MS = 30_000;

const EVERYTHING = { nowMs: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };

/** The database refuses such rows for what they hold, and always will. */
const REFUSED = /^2[23]/;

export interface EventOptions {
  /** Events kept in memory at most, 20,000 by default; above that they are added up. */
  readonly maxRows?: number;
  /** Between two writes, 1,000 ms by default. */
  readonly everyMs?: number;
  /** Which part of an API's grants is recorded too, e.g. `{ 'publish-bot': 0.01 }`; none by default. */
  readonly sample?: Readonly<Record<string, number>>;
}

export interface RecorderOptions extends EventOptions {
  /** Writes rows for `rollgate.write_events`, given as JSON. Rejects when they may not have been written. */
  write(rows: string): Promise<unknown>;
  /** The database's clock, Unix ms. */
  now(): number;
  /** Names this process among the nodes, e.g. `host:123`. */
  readonly node: string;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly reports?: Reports;
}

export class EventsLostError extends Error {
  override readonly name = 'EventsLostError';
  constructor(
    /** Decisions that are on no record. */
    readonly calls: number,
    reason: string,
  ) {
    super(`${calls} decisions could not be recorded: ${reason}`);
  }
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #book: EventBook;
  readonly #sampler: Sampler;
  readonly #batchRows: number;
  readonly #timer: NodeJS.Timeout;
  /** Taken to be written; the first batch may be under way, or may have been written without a word. */
  #batches: LimitEvent[][] = [];
  #flushing: Promise<boolean> | undefined;
  /** Since when every write has failed, `performance.now()`. */
  #failingSince: number | undefined;

  /** @throws RangeError when an option is out of range */
  constructor(options: RecorderOptions) {
    const { maxRows = 20_000, everyMs = 1000, sample = {} } = options;
    if (!(maxRows >= 1)) throw new RangeError('maxRows: must be 1 or more');
    this.#options = options;
    this.#book = new EventBook({ maxRows });
    this.#sampler = new Sampler(sample);
    this.#batchRows = Math.max(1, Math.min(BATCH_ROWS, Math.floor(maxRows / 4)));
    this.#timer = setInterval(() => void this.flush(), everyMs);
    this.#timer.unref();
  }

  /** Events in memory: not written yet, or not known to be. */
  get pending(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, this.#book.size);
  }

  /** The event that counts this call; whoever asks counts it there. */
  eventOf(asked: Counted, outcome: Outcome): LimitEvent {
    return this.#book.eventOf(asked, outcome);
  }

  /** Whether this grant is to be counted, too. */
  samples(api: string): boolean {
    return this.#sampler.takes(api);
  }

  /**
   * Writes events of finished seconds and minutes, oldest first, 2,000 at most; a flush under way is the same one.
   * @returns false when the database did not take them; they are kept.
   */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#flush({ nowMs: this.#options.now(), most: FLUSH_ROWS }).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Writes all there is, for `withinMs` at most; what is left then is told to `onError`. */
  async close({ withinMs = 5000 }: { withinMs?: number } = {}): Promise<void> {
    clearInterval(this.#timer);
    const late = new AbortController();
    const deadline = wait(withinMs, undefined, { signal: late.signal }).catch(() => undefined);
    let open = true;
    const writing = (async () => {
      await this.#flushing;
      while (open && !(await this.#flush(EVERYTHING))) await wait(CLOSE_RETRY_MS);
    })();
    await Promise.race([writing, deadline]);
    open = false;
    late.abort();
    this.#tellLost();
  }

  #tellLost(): void {
    const left = [...this.#batches.flat(), ...this.#book.take(EVERYTHING)];
    const calls = left.reduce((sum, { count }) => sum + count, 0);
    if (calls > 0)
      this.#lost(new EventsLostError(calls, 'the database did not take them before the limiter was closed'));
  }

  #lost(error: EventsLostError): void {
    this.#options.onError?.(error);
    this.#options.reports?.trouble('events', { kind: 'lost', message: error.message });
  }

  /** They are kept in memory for now, so an outage of some seconds loses nothing and is not reported. */
  #unwritten({ message }: Error): void {
    const now = performance.now();
    this.#failingSince ??= now;
    if (now - this.#failingSince < REPORT_UNWRITTEN_AFTER_MS) return;
    this.#options.reports?.trouble('events', {
      kind: 'unwritten',
      message: `denials have not been recorded for ${Math.round((now - this.#failingSince) / 1000)} s: ${message}`,
    });
  }

  async #flush({ nowMs, most }: { nowMs: number; most: number }): Promise<boolean> {
    for (let rows = 0; ; ) {
      if (this.#batches.length === 0) {
        const taken = this.#book.take({ nowMs, most: Math.min(this.#batchRows, most - rows) });
        if (taken.length === 0) return true;
        this.#batches.push(taken);
        rows += taken.length;
      }
      const batch = this.#batches[0] as LimitEvent[];
      try {
        await this.#options.write(JSON.stringify(batch.map((event) => rowOf(event, this.#options.node))));
        this.#batches.shift();
        this.#failingSince = undefined;
        this.#options.reports?.over('events', 'denials are recorded again');
      } catch (error) {
        this.#options.onError?.(error);
        if (!REFUSED.test(String((error as { code?: unknown } | null)?.code))) {
          this.#unwritten(error as Error);
          return false;
        }
        this.#refused(batch);
      }
    }
  }

  /** One event that can't be written must not keep the others from it: they are written one by one. */
  #refused(batch: readonly LimitEvent[]): void {
    this.#batches.shift();
    if (batch.length > 1) this.#batches.unshift(...batch.map((event) => [event]));
    else this.#lost(new EventsLostError(batch[0]?.count ?? 0, 'the database refuses the event'));
  }
}
