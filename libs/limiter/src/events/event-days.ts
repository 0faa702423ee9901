/**
 * Maintains the partitions of `rollgate.limit_event`: creates days ahead and drops those past retention.
 *
 * Invariants: one instance at a time; each step is its own transaction and gives up after waiting 100 ms for a lock, so
 * writers are never delayed longer; a step that gave up is retried a few times now, and again with the next pass.
 */
import type pg from 'pg';
import { JitteredLoop } from '../tasks/jittered-loop.js';

/** How long events are kept by default, in days. */
export const DEFAULT_KEEP_EVENT_DAYS = 90;

const DAYS_AHEAD = 3;
const HELD_UP_RETRIES = 5;

export interface EventDaysOptions {
  readonly pool: pg.Pool;
  /** How long events are kept, in days, 90 by default. */
  readonly keepDays?: number;
  /** Average interval between two passes, in ms, 10 minutes by default. */
  readonly everyMs?: number;
  /** Delay before a blocked step is retried, in ms, 1,000 by default. */
  readonly retryMs?: number;
  /** Current time in Unix ms, for tests that control time. */
  readonly clock?: (() => number) | undefined;
  readonly onError?: (error: unknown) => void;
}

export interface EventDaysPass {
  /** The actions taken, e.g. `made limit_event_20260101`. */
  readonly did: readonly string[];
  /**
   * True if another instance was running a pass or a transaction kept the table locked for too long. More work may be
   * left.
   */
  readonly heldUp: boolean;
}

interface MaintenanceStep {
  readonly did: string | null;
  readonly held_up: boolean;
}

export class EventDays {
  readonly #options: EventDaysOptions;
  readonly #loop: JitteredLoop;

  constructor(options: EventDaysOptions) {
    this.#options = options;
    this.#loop = new JitteredLoop({
      task: () => this.#runPass(),
      everyMs: options.everyMs ?? 600_000,
      spread: 0.5,
      startsWithTask: true,
    });
  }

  /** Starts the passes. The first one begins immediately. Starting again has no effect. */
  start(): void {
    this.#loop.start();
  }

  /** Stops the passes, which can not be started again. Resolves after the current step. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Runs one pass. Returns what it did. @throws the database's error */
  async pass(): Promise<EventDaysPass> {
    const { retryMs = 1000 } = this.#options;
    const done: string[] = [];
    let heldUp = 0;
    while (!this.#loop.isStopped) {
      const { did, held_up } = await this.#step();
      if (did !== null) done.push(did);
      else if (!held_up) return { did: done, heldUp: false };
      else if (++heldUp > HELD_UP_RETRIES) break;
      else await this.#loop.pause(retryMs);
    }
    return { did: done, heldUp: heldUp > 0 };
  }

  async #step(): Promise<MaintenanceStep> {
    const { pool, clock, keepDays = DEFAULT_KEEP_EVENT_DAYS } = this.#options;
    const { rows } = await pool.query<MaintenanceStep>(
      'SELECT did, held_up FROM rollgate.maintain_events($1, $2, $3)',
      [keepDays, DAYS_AHEAD, clock ? new Date(clock()) : null],
    );
    return rows[0] as MaintenanceStep;
  }

  async #runPass(): Promise<void> {
    await this.pass().catch((error: unknown) => this.#options.onError?.(error));
  }
}
