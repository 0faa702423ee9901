/**
 * Keeps the partitions of `rollgate.limit_event`: makes days ahead, drops those past retention.
 *
 * Invariants: one node at a time; each step is a transaction of its own that gives up rather than wait (100 ms), so writers
 * are never held up longer; a step that gave up is tried again, a few times now and then with the next pass.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';

/** Events are kept so long by default, in days. */
export const DEFAULT_KEEP_EVENT_DAYS = 90;

const DAYS_AHEAD = 3;
const HELD_UP_RETRIES = 5;

export interface EventDaysOptions {
  readonly pool: pg.Pool;
  /** How long events are kept, 90 days by default. */
  readonly keepDays?: number;
  /** Between two passes, 10 minutes by default. */
  readonly everyMs?: number;
  /** Before a step that was held up is tried again, 1,000 ms by default. */
  readonly retryMs?: number;
  /** Unix ms, for tests that own the time. */
  readonly clock?: (() => number) | undefined;
  readonly onError?: (error: unknown) => void;
}

export interface EventDaysPass {
  /** What was done, e.g. `made limit_event_20260101`. */
  readonly did: readonly string[];
  /** Another node was at it, or somebody had the table open for too long: there may be more to do. */
  readonly heldUp: boolean;
}

interface Step {
  readonly did: string | null;
  readonly held_up: boolean;
}

export class EventDays {
  readonly #options: EventDaysOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: EventDaysOptions) {
    this.#options = options;
  }

  /** The first pass begins at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends it within one step. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Does all there is to do now. @throws the database's error */
  async pass(): Promise<EventDaysPass> {
    const { retryMs = 1000 } = this.#options;
    const done: string[] = [];
    let heldUp = 0;
    while (!this.#stop.signal.aborted) {
      const { did, held_up } = await this.#step();
      if (did !== null) done.push(did);
      else if (!held_up) return { did: done, heldUp: false };
      else if (++heldUp > HELD_UP_RETRIES) break;
      else await this.#pause(retryMs);
    }
    return { did: done, heldUp: heldUp > 0 };
  }

  async #step(): Promise<Step> {
    const { pool, clock, keepDays = DEFAULT_KEEP_EVENT_DAYS } = this.#options;
    const { rows } = await pool.query<Step>('SELECT did, held_up FROM rollgate.maintain_events($1, $2, $3)', [
      keepDays,
      DAYS_AHEAD,
      clock ? new Date(clock()) : null,
    ]);
    return rows[0] as Step;
  }

  async #run(): Promise<void> {
    const { everyMs = 600_000, onError } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.pass().catch((error: unknown) => onError?.(error));
      // Jittered, so that nodes started together don't meet each time.
      await this.#pause(everyMs * (0.5 + Math.random()));
    }
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }
}
