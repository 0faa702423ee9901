/**
 * Removes idle heads and old finished minutes, lane by lane, in steps of a few milliseconds.
 *
 * Invariants: never waits for a lane (`rollgate.sweep` skips a busy one); never removes what is younger than 3,661 s;
 * one node at a time, whoever holds the advisory lock; stops within one step.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { LANES } from '@rollgate/contract';
import type pg from 'pg';

/** Finished minutes are kept a day by default, for explaining and auditing. */
export const DEFAULT_KEEP_SECONDS = 86_400;

/** Advisory lock of the one node that sweeps: (class, 0). The lanes' own locks are class 7605. */
const JANITOR_LOCK = 7606;
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

type SweepTuple = [boolean, number, number, string | null, string | null, number | null];

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

  /** One pass over all lanes; `undefined` when another node is at it. */
  async sweep(): Promise<SweepTotals | undefined> {
    const client = await this.#options.pool.connect();
    let failure: Error | undefined;
    let locked = false;
    try {
      const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1, 0) AS locked', [
        JANITOR_LOCK,
      ]);
      locked = rows[0]?.locked === true;
      if (!locked) return undefined;
      const totals = { heads: 0, buckets: 0, busyLanes: 0 };
      for (let lane = 0; lane < LANES && !this.#stop.signal.aborted; lane++)
        await this.#sweepLane(client, lane, totals);
      await client.query(`DELETE FROM rollgate.freed WHERE at < clock_timestamp() - interval '5 minutes'`);
      return totals;
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      if (locked && !failure)
        await client.query('SELECT pg_advisory_unlock($1, 0)', [JANITOR_LOCK]).catch(() => undefined);
      // A connection that failed is closed, not given to the next pass; its end frees the lock.
      client.release(failure);
    }
  }

  async #sweepLane(
    client: pg.PoolClient,
    lane: number,
    totals: { heads: number; buckets: number; busyLanes: number },
  ): Promise<void> {
    const { clock, stepRows = 500, keepSeconds = DEFAULT_KEEP_SECONDS, pauseMs = 10 } = this.#options;
    let at: [string | null, string | null, number | null] = ['', '', 0];
    let busyFor = 0;
    while ((at[0] !== null || at[1] !== null) && !this.#stop.signal.aborted) {
      const { rows } = await client.query<SweepTuple>({
        text: 'SELECT busy, heads, buckets, head_after, bucket_subject, bucket_minute FROM rollgate.sweep($1, $2, $3, $4, $5, $6, $7)',
        values: [lane, ...at, stepRows, keepSeconds, clock ? new Date(clock()) : null],
        rowMode: 'array',
      });
      const [busy, heads, buckets, ...next] = rows[0] as SweepTuple;
      totals.heads += heads;
      totals.buckets += buckets;
      at = next;
      busyFor = busy ? busyFor + 1 : 0;
      if (busyFor > BUSY_RETRIES) {
        totals.busyLanes++;
        return;
      }
      if (busy || at[0] !== null || at[1] !== null) await this.#pause(pauseMs);
    }
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
