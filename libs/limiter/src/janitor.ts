/**
 * Removes idle heads and old finished minutes, lane by lane, in steps of a few milliseconds.
 *
 * Invariants: never waits for a lane (`rollgate.sweep` skips a busy one); never removes what is younger than 3,661 s;
 * one instance at a time: each step holds an advisory lock for its own transaction, because a connection pooler may give every
 * transaction another session; stops within one step.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { LANES } from '@rollgate/contract';
import type pg from 'pg';

/** Finished minutes are kept a day by default, for explaining and auditing. */
export const DEFAULT_KEEP_SECONDS = 86_400;

/** Class 7606, key 0; the lanes' own locks are of class 7605. */
const BEGIN_STEP = 'BEGIN; SELECT pg_try_advisory_xact_lock(7606, 0) AS locked';
const BUSY_RETRIES = 20;

export interface JanitorOptions {
  readonly pool: pg.Pool;
  /** How long finished minutes are kept, at least 3,661 s. */
  readonly keepSeconds?: number;
  /** Between two passes, 5 minutes by default. */
  readonly everyMs?: number;
  /** Rows looked at in one step, 500 by default. The lane waits for as long as one step takes. */
  readonly stepRows?: number;
  /** Between two steps, so that a pass never takes a core for itself; 10 ms by default. */
  readonly pauseMs?: number;
  /** Unix ms, for tests that own the time. */
  readonly clock?: (() => number) | undefined;
  readonly onError?: (error: unknown) => void;
}

export interface SweepTotals {
  readonly heads: number;
  readonly buckets: number;
  /** Lanes given up for this pass because they were busy each time they were asked. */
  readonly busyLanes: number;
}

/** Where the next step goes on: after this head, and after this minute of this subject. */
type SweepPosition = [headAfter: string | null, bucketSubject: string | null, bucketMinute: number | null];
type SweepTuple = [busy: boolean, heads: number, buckets: number, ...SweepPosition];

export class Janitor {
  readonly #options: JanitorOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /**
   * One pass over all lanes. It ends early when another instance has begun one; `undefined`: that instance was there first, and
   * nothing was removed here.
   */
  async sweep(): Promise<SweepTotals | undefined> {
    const client = await this.#options.pool.connect();
    let failure: Error | undefined;
    try {
      const totals = { heads: 0, buckets: 0, busyLanes: 0 };
      for (let lane = 0; lane < LANES && !this.#stop.signal.aborted; lane++) {
        const isOurs = await this.#sweepLane(client, lane, totals);
        if (!isOurs) return lane === 0 ? undefined : totals;
      }
      await client.query('SELECT rollgate.sweep_freed()');
      return totals;
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      // A connection that failed is closed, not given to the next pass: its transaction may still be open.
      client.release(failure);
    }
  }

  /** @returns false when another instance is sweeping */
  async #sweepLane(
    client: pg.PoolClient,
    lane: number,
    totals: { heads: number; buckets: number; busyLanes: number },
  ): Promise<boolean> {
    const { clock, stepRows = 500, keepSeconds = DEFAULT_KEEP_SECONDS, pauseMs = 10 } = this.#options;
    let at: SweepPosition = ['', '', 0];
    let busyFor = 0;
    while ((at[0] !== null || at[1] !== null) && !this.#stop.signal.aborted) {
      const step = await sweepStep(client, [lane, ...at, stepRows, keepSeconds, clock ? new Date(clock()) : null]);
      if (step === undefined) return false;
      const [busy, heads, buckets, ...next] = step;
      totals.heads += heads;
      totals.buckets += buckets;
      at = next;
      busyFor = busy ? busyFor + 1 : 0;
      if (busyFor > BUSY_RETRIES) {
        totals.busyLanes++;
        return true;
      }
      if (busy || at[0] !== null || at[1] !== null) await this.#pause(pauseMs);
    }
    return true;
  }

  async #run(): Promise<void> {
    const { everyMs = 300_000, onError } = this.#options;
    while (!this.#stop.signal.aborted) {
      // Jittered, so that nodes started together don't meet at the lock each time.
      await this.#pause(everyMs * (0.5 + Math.random()));
      if (this.#stop.signal.aborted) return;
      await this.sweep().catch((error: unknown) => onError?.(error));
    }
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }
}

/** undefined: another instance is sweeping. */
async function sweepStep(client: pg.PoolClient, values: unknown[]): Promise<SweepTuple | undefined> {
  const begun = (await client.query(BEGIN_STEP)) as unknown as pg.QueryResult<{ locked: boolean }>[];
  const locked = begun.at(-1)?.rows[0]?.locked === true;
  const result = locked
    ? await client.query<SweepTuple>({
        text: 'SELECT busy, heads, buckets, head_after, bucket_subject, bucket_minute FROM rollgate.sweep($1, $2, $3, $4, $5, $6, $7)',
        values,
        rowMode: 'array',
      })
    : undefined;
  await client.query('COMMIT');
  return result?.rows[0];
}
