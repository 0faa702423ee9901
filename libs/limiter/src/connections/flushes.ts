/**
 * Flushes committed grants to disk. A batch commits without waiting for the disk, so that it leaves its lanes at once;
 * its grants are reported only after a flush (docs/decisions/0012-early-lock-release.md). All batches that wait share
 * one flush: one is in flight, and one collects those that are answered meanwhile.
 *
 * Invariant: a flush counts for a batch only if it was sent after the answer of the batch arrived, on a connection that
 * was open before the batch was sent. Such a connection has outlived the commit, so Postgres has not crashed since and
 * still has the grants. A connection that was opened later may reach a server that has lost them.
 */
import type pg from 'pg';
import type { KeptClient, KeptConnections } from './kept-connections.js';

const FLUSH = { text: 'SELECT rollgate.flush($1)', name: 'rollgate_flush', rowMode: 'array' as const };

/** Whether grants that were committed are on disk is unknown. They count as spent, and no caller receives them. */
class NotFlushedError extends Error {
  override readonly name = 'NotFlushedError';
}

export interface FlushesOptions {
  readonly kept: KeptConnections;
  /** A flush without a connection after this many ms fails; `undefined` means no limit. */
  readonly connectWithinMs: () => number | undefined;
  /** A flush without an answer after this many ms fails, and its connection is destroyed. */
  readonly answerWithinMs: () => number | undefined;
}

interface WaitingBatch {
  /** When the batch was sent, by `performance.now()`. */
  readonly sentAt: number;
  resolve(): void;
  reject(error: NotFlushedError): void;
}

export class Flushes {
  readonly #options: FlushesOptions;
  #waiting: WaitingBatch[] = [];
  #running = false;

  constructor(options: FlushesOptions) {
    this.#options = options;
  }

  /** Whether no batch is waiting for a shared flush. */
  get isIdle(): boolean {
    return !this.#running;
  }

  /**
   * Waits for a flush of a batch that has been answered. `sentAt` is when the batch was sent, by `performance.now()`.
   *
   * @throws NotFlushedError
   */
  flushed(sentAt: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sentAt, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /**
   * Sends a flush behind a batch, on the connection of the batch. It does nothing if the batch grants nothing.
   *
   * @throws NotFlushedError
   */
  async flushBehind(client: pg.ClientBase): Promise<void> {
    await this.#flush(client, { onlyIfGranted: true });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#flushOnOneConnection();
    this.#running = false;
  }

  /** Flushes on one connection for as long as batches wait and the connection works. */
  async #flushOnOneConnection(): Promise<void> {
    const { kept, connectWithinMs } = this.#options;
    let client: KeptClient;
    try {
      client = await kept.take(connectWithinMs(), { first: true });
    } catch (error) {
      const failure = notFlushed(error);
      for (const batch of this.#waiting.splice(0)) batch.reject(failure);
      return;
    }
    let broken = false;
    while (this.#waiting.length > 0 && !broken) broken = !(await this.#flushWaiting(client));
    kept.giveBack(client, { broken });
  }

  /** Flushes once for the batches that wait now. Returns whether the connection may be used again. */
  async #flushWaiting(client: KeptClient): Promise<boolean> {
    const batches = this.#waiting.splice(0);
    try {
      await this.#flush(client);
    } catch (error) {
      for (const batch of batches) batch.reject(error as NotFlushedError);
      return false;
    }
    for (const batch of batches) {
      if (this.#options.kept.wasOpenAt(client, batch.sentAt)) batch.resolve();
      else batch.reject(new NotFlushedError('the server may have restarted between the commit and its flush'));
    }
    return true;
  }

  async #flush(client: pg.ClientBase, { onlyIfGranted = false } = {}): Promise<void> {
    const query_timeout = this.#options.answerWithinMs();
    try {
      await client.query({
        ...FLUSH,
        ...(query_timeout === undefined ? {} : { query_timeout }),
        values: [onlyIfGranted],
      });
    } catch (error) {
      throw notFlushed(error);
    }
  }
}

/**
 * Prepares the flush on a new connection whose last batch granted nothing, so nothing is flushed.
 *
 * @throws the error of Postgres, e.g. that the function is missing
 */
export async function warmUpFlush(client: pg.ClientBase): Promise<void> {
  await client.query({ ...FLUSH, values: [true] });
}

function notFlushed(cause: unknown): NotFlushedError {
  return new NotFlushedError(`the database did not confirm a flush: ${(cause as Error).message}`, { cause });
}
