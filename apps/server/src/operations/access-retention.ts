/** Removes rows of the access log that are older than their retention, in short steps (`rollgate.prune_access`). */
import { JitteredLoop } from '@rollgate/limiter';
import type pg from 'pg';

/** How long the access log is kept by default, in days. */
const DEFAULT_KEEP_DAYS = 400;
const EVERY_MS = 3_600_000;
/** Other sessions get their turn between two steps. */
const PAUSE_MS = 50;

export interface AccessRetentionOptions {
  readonly pool: pg.Pool;
  /** In days, 400 by default. */
  readonly keepDays: number | undefined;
  onError(error: Error): void;
}

export class AccessRetention {
  readonly #options: AccessRetentionOptions;
  readonly #loop = new JitteredLoop({ task: () => this.#runPass(), everyMs: EVERY_MS, startsWithTask: true });

  constructor(options: AccessRetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves after the current step. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Resolves to the number of rows removed. @throws the database's error */
  async pass(): Promise<number> {
    let all = 0;
    while (!this.#loop.isStopped) {
      const removed = await this.#step();
      if (removed === 0) break;
      all += removed;
      await this.#loop.pause(PAUSE_MS);
    }
    return all;
  }

  async #step(): Promise<number> {
    const { pool, keepDays = DEFAULT_KEEP_DAYS } = this.#options;
    const { rows } = await pool.query<{ removed: number }>('SELECT rollgate.prune_access($1) AS removed', [keepDays]);
    return rows[0]?.removed ?? 0;
  }

  async #runPass(): Promise<void> {
    await this.pass().catch((error: Error) => this.#options.onError(error));
  }
}
