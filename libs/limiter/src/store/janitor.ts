/**
 * Removes idle head rows and old archived minutes, lane by lane, in steps of a few milliseconds.
 *
 * Invariants: it never waits for a lane (`rollgate.sweep` skips a busy one); it never removes rows younger than 3,661
 * s; only one instance sweeps at a time, by an advisory lock that each step takes for its own transaction, because a
 * connection pooler may run every transaction in another session; it stops within one step.
 */
import { LANES } from '@rollgate/contract';
import type pg from 'pg';
import { JitteredLoop } from '../tasks/jittered-loop.js';

/** How long archived minutes are kept by default: one day, for explaining denials and for audits. */
export const DEFAULT_KEEP_SECONDS = 86_400;

/** The lock has class 7606 and key 0. The locks of lanes have class 7605. */
const BEGIN_STEP = 'BEGIN; SELECT pg_try_advisory_xact_lock(7606, 0) AS locked';
const BUSY_RETRIES = 20;

export interface JanitorOptions {
  readonly pool: pg.Pool;
  /** How long archived minutes are kept, in seconds, at least 3,661, one day by default. */
  readonly keepSeconds?: number;
  /** Average interval between two passes, in ms, 5 minutes by default. */
  readonly everyMs?: number;
  /** Rows examined in one step, 500 by default. The lane is locked for the duration of one step. */
  readonly stepRows?: number;
  /** Pause between two steps in ms, 10 by default, so that a pass does not occupy a whole core. */
  readonly pauseMs?: number;
  /** Current time in Unix ms, for tests that control time. */
  readonly clock?: (() => number) | undefined;
  readonly onError?: (error: unknown) => void;
}

export interface SweepTotals {
  readonly heads: number;
  readonly buckets: number;
  /** Lanes skipped in this pass because they were busy at every attempt. */
  readonly busyLanes: number;
  /**
   * Rows of `heads` and `buckets` that were removed although usage by hour does not contain them yet. The janitor waits
   * for the service, which adds them up, but not for longer than a day.
   */
  readonly unrolled: number;
}

type Totals = { -readonly [name in keyof SweepTotals]: SweepTotals[name] };

/** Where the next step continues: after this head, and after this minute of this subject. */
type SweepPosition = [headAfter: string | null, bucketSubject: string | null, bucketMinute: number | null];
type SweepTuple = [busy: boolean, heads: number, buckets: number, unrolled: number, ...SweepPosition];

class UnrolledError extends Error {
  override readonly name = 'UnrolledError';
  constructor(rows: number) {
    super(`${rows} minutes were removed before they were added up: no service has rolled up usage for a day`);
  }
}

export class Janitor {
  readonly #options: JanitorOptions;
  readonly #loop: JitteredLoop;

  constructor(options: JanitorOptions) {
    this.#options = options;
    this.#loop = new JitteredLoop({
      task: () => this.#pass(),
      everyMs: options.everyMs ?? 300_000,
      spread: 0.5,
    });
  }

  /** Starts the passes. The first one begins after an interval. Starting again has no effect. */
  start(): void {
    this.#loop.start();
  }

  /** Stops the passes, which can not be started again. Resolves after the current step. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /**
   * Runs one pass over all lanes. It ends early if another instance starts a pass.
   *
   * @returns the totals, or `undefined` if another instance was already sweeping and nothing was removed here.
   * @throws the database's error
   */
  async sweep(): Promise<SweepTotals | undefined> {
    const client = await this.#options.pool.connect();
    let failure: Error | undefined;
    try {
      const totals: Totals = { heads: 0, buckets: 0, busyLanes: 0, unrolled: 0 };
      for (let lane = 0; lane < LANES && !this.#loop.isStopped; lane++) {
        const isOurs = await this.#sweepLane(client, lane, totals);
        if (!isOurs) return lane === 0 ? undefined : totals;
      }
      await client.query('SELECT rollgate.sweep_freed()');
      return totals;
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // Close a failed connection instead of returning it to the pool: its transaction may still be open.
      client.release(failure);
    }
  }

  /** @returns false when another instance is sweeping */
  async #sweepLane(client: pg.PoolClient, lane: number, totals: Totals): Promise<boolean> {
    const { clock, stepRows = 500, keepSeconds = DEFAULT_KEEP_SECONDS, pauseMs = 10 } = this.#options;
    let at: SweepPosition = ['', '', 0];
    let busyFor = 0;
    while ((at[0] !== null || at[1] !== null) && !this.#loop.isStopped) {
      const step = await sweepStep(client, [lane, ...at, stepRows, keepSeconds, clock ? new Date(clock()) : null]);
      if (step === undefined) return false;
      const [busy, heads, buckets, unrolled, ...next] = step;
      totals.heads += heads;
      totals.buckets += buckets;
      totals.unrolled += unrolled;
      at = next;
      busyFor = busy ? busyFor + 1 : 0;
      if (busyFor > BUSY_RETRIES) {
        totals.busyLanes++;
        return true;
      }
      if (busy || at[0] !== null || at[1] !== null) await this.#loop.pause(pauseMs);
    }
    return true;
  }

  async #pass(): Promise<void> {
    try {
      const totals = await this.sweep();
      if (totals !== undefined && totals.unrolled > 0) this.#options.onError?.(new UnrolledError(totals.unrolled));
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** Runs one step. Returns `undefined` if another instance is sweeping. */
async function sweepStep(client: pg.PoolClient, values: unknown[]): Promise<SweepTuple | undefined> {
  const begun = (await client.query(BEGIN_STEP)) as unknown as pg.QueryResult<{ locked: boolean }>[];
  const locked = begun.at(-1)?.rows[0]?.locked === true;
  const result = locked
    ? await client.query<SweepTuple>({
        text: 'SELECT busy, heads, buckets, unrolled, head_after, bucket_subject, bucket_minute FROM rollgate.sweep($1, $2, $3, $4, $5, $6, $7)',
        values,
        rowMode: 'array',
      })
    : undefined;
  await client.query('COMMIT');
  return result?.rows[0];
}
