/**
 * Polls for subjects freed by other instances (a refund, a reset) and forgets their remembered denials.
 *
 * Invariant: no freed subject is missed, however long this instance was disconnected. Each poll reads what was
 * committed since the snapshot of the previous one. If rows of that list may be missing, all remembered denials are
 * forgotten.
 *
 * It polls instead of using LISTEN, because polling works through any pooler, and one empty index scan a second costs
 * almost nothing.
 */
import type pg from 'pg';
import { JitteredLoop } from '../tasks/jittered-loop.js';
import { SingleFlight } from '../tasks/single-flight.js';

export interface FreedPollOptions {
  readonly pool: pg.Pool;
  readonly onFreed: (subject: string) => void;
  /** Called when any subject may have been freed. */
  readonly onHole: () => void;
  /**
   * Whether the database decides this instance's calls. While it does not, a remembered denial is the best information
   * available.
   */
  readonly decidesByDatabase: () => boolean;
  /** Interval between two polls in ms, 1,000 by default: a freed subject is known to every instance within 2 s. */
  readonly everyMs?: number | undefined;
  /**
   * If no poll succeeds for this many ms while the database decides other calls, any subject may have been freed;
   * 15,000 by default.
   */
  readonly outOfTouchAfterMs?: number;
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface FreedRow {
  readonly life: string;
  readonly seen: string;
  readonly complete: boolean;
  readonly subjects: string[];
}

export class FreedPoll {
  readonly #options: FreedPollOptions;
  readonly #loop: JitteredLoop;
  readonly #polls = new SingleFlight<void>();
  /** The server's `life` and the snapshot of the last poll. */
  #last: { readonly life: string; readonly seen: string } | undefined;
  #heardAt = performance.now();

  constructor(options: FreedPollOptions) {
    this.#options = options;
    this.#loop = new JitteredLoop({ task: () => this.#tick(), everyMs: options.everyMs ?? 1000 });
    this.#loop.start();
  }

  /** Polls once, or joins the poll in progress. */
  poll(): Promise<void> {
    return this.#polls.run(() => this.#poll());
  }

  /** Does not wait for the poll, because the time without an answer must be noticed while a poll gets none. */
  #tick(): void {
    const { onHole, decidesByDatabase, outOfTouchAfterMs = 15_000 } = this.#options;
    if (performance.now() - this.#heardAt > outOfTouchAfterMs && decidesByDatabase()) onHole();
    void this.poll();
  }

  async #poll(): Promise<void> {
    const { pool, onFreed, onHole, onError } = this.#options;
    try {
      const { rows } = await pool.query<FreedRow>(
        'SELECT life, seen, complete, subjects FROM rollgate.freed_since($1, $2)',
        [this.#last?.life ?? null, this.#last?.seen ?? null],
      );
      const { life, seen, complete, subjects } = rows[0] as FreedRow;
      if (complete) for (const subject of subjects) onFreed(subject);
      else onHole();
      this.#last = { life, seen };
      this.#heardAt = performance.now();
    } catch (error) {
      onError?.(error);
    }
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#polls.current();
  }
}
