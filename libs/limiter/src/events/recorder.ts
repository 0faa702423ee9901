/**
 * Counts denials by second and writes them to the database about once a second, separately from the decision of calls.
 *
 * Invariants: each denial is counted once, even if the database is unavailable or the outcome of a write is unknown
 * (the same rows are sent again, and their IDs ensure that they are written once); only one write is in flight; memory
 * is bounded (event-book.ts). A process that is killed loses the denials of the last second (of denials that no wait
 * resolves, the last minute), and everything that could not be written while the database was unavailable. After events
 * were merged, the IDs of all denials except those of the first event can't be looked up.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Reports } from '../reports.js';
import { JitteredLoop } from '../tasks/jittered-loop.js';
import { SingleFlight } from '../tasks/single-flight.js';
import { EventBook } from './event-book.js';
import { type CountedCall, type CountedOutcome, type LimitEvent, rowOf } from './limit-event.js';
import { Sampler } from './sampler.js';

/** Rows of one statement, about 30 ms of database time. */
const BATCH_ROWS = 500;
/**
 * Rows of one flush, so that an attack with many subjects does not fill the database. The remaining events are merged
 * over time.
 */
const FLUSH_ROWS = 2000;
const CLOSE_RETRY_MS = 100;
const REPORT_UNWRITTEN_AFTER_MS = 30_000;

const EVERYTHING = { nowMs: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };

/** SQLSTATE classes of rows that the database rejects because of their data, now and always. */
const REFUSED = /^2[23]/;

export interface EventOptions {
  /** Largest number of events in memory, 20,000 by default. Above that, events are merged. */
  readonly maxRows?: number;
  /** Interval between two writes in ms, 1,000 by default. */
  readonly everyMs?: number;
  /** The fraction of an API's grants to record too, by API ID, e.g. `{ 'publish-bot': 0.01 }`. None by default. */
  readonly sample?: Readonly<Record<string, number>>;
}

export interface RecorderOptions extends EventOptions {
  /** Writes rows for `rollgate.write_events`, given as JSON. Rejects when they may not have been written. */
  write(rows: string): Promise<unknown>;
  /** The database's clock, Unix ms. */
  now(): number;
  /** Identifies this process among the instances, e.g. `host:123`. */
  readonly instance: string;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly reports?: Reports;
}

export class EventsLostError extends Error {
  override readonly name = 'EventsLostError';
  constructor(
    /** The number of decisions that could not be recorded. */
    readonly calls: number,
    reason: string,
  ) {
    super(`${calls} decisions could not be recorded: ${reason}`);
  }
}

/** Counts denials and writes them in the background. Its timer begins with the constructor and ends with `close`. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #book: EventBook;
  readonly #sampler: Sampler;
  readonly #batchRows: number;
  readonly #loop: JitteredLoop;
  readonly #flushes = new SingleFlight<boolean>();
  /** Batches taken for writing. The first one may be in flight, or may already have been written without an answer. */
  #batches: LimitEvent[][] = [];
  /** Since when every write has failed, as `performance.now()`. */
  #failingSince: number | undefined;

  /** @throws RangeError when an option is out of range */
  constructor(options: RecorderOptions) {
    const { maxRows = 20_000, everyMs = 1000, sample = {} } = options;
    if (!(maxRows >= 1)) throw new RangeError('maxRows: must be 1 or more');
    this.#options = options;
    this.#book = new EventBook({ maxRows });
    this.#sampler = new Sampler(sample);
    this.#batchRows = Math.max(1, Math.min(BATCH_ROWS, Math.floor(maxRows / 4)));
    this.#loop = new JitteredLoop({ task: () => void this.flush(), everyMs });
    this.#loop.start();
  }

  /** The number of events in memory: not written yet, or not known to be. */
  get pending(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, this.#book.size);
  }

  /** Returns the event that counts this call. The caller increments its counts. */
  eventOf(call: CountedCall, outcome: CountedOutcome): LimitEvent {
    return this.#book.eventOf(call, outcome);
  }

  /** Whether this grant belongs to the sample to record. */
  samples(api: string): boolean {
    return this.#sampler.takes(api);
  }

  /**
   * Writes events of finished seconds and minutes, oldest first, at most 2,000, or joins the flush in progress.
   *
   * @returns `false` if the database did not accept them; they are kept.
   */
  flush(): Promise<boolean> {
    return this.#flushes.run(() => this.#flush({ nowMs: this.#options.now(), most: FLUSH_ROWS }));
  }

  /**
   * Writes all events, for at most `withinMs` ms. Events that are left then are reported to `onError` as an
   * EventsLostError.
   */
  async close({ withinMs = 5000 }: { withinMs?: number } = {}): Promise<void> {
    await this.#loop.stop();
    const late = new AbortController();
    const deadline = wait(withinMs, undefined, { signal: late.signal }).catch(() => undefined);
    let open = true;
    const writing = (async () => {
      await this.#flushes.current();
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

  /**
   * Reports failing writes only after a while: events are kept in memory, so an outage of a few seconds loses nothing.
   */
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
        await this.#options.write(JSON.stringify(batch.map((event) => rowOf(event, this.#options.instance))));
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

  /** Writes the events of a rejected batch one by one, so that one bad event does not block the others. */
  #refused(batch: readonly LimitEvent[]): void {
    this.#batches.shift();
    if (batch.length > 1) this.#batches.unshift(...batch.map((event) => [event]));
    else this.#lost(new EventsLostError(batch[0]?.count ?? 0, 'the database refuses the event'));
  }
}
