/**
 * Hears of subjects that another node freed (a refund, a reset) and drops their remembered denials. A poll, not a
 * LISTEN: it works through any pooler, and one empty index scan a second costs nothing.
 */
import type pg from 'pg';

export interface FreedPollOptions {
  readonly pool: pg.Pool;
  readonly onFreed: (subject: string) => void;
  /** 1 s by default: freed on every node within 2 s. */
  readonly everyMs?: number;
  readonly onError?: ((error: unknown) => void) | undefined;
}

export class FreedPoll {
  readonly #options: FreedPollOptions;
  readonly #timer: NodeJS.Timeout;
  #seen = new Set<string>();
  #polling: Promise<void> | undefined;

  constructor(options: FreedPollOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.poll(), options.everyMs ?? 1000);
    this.#timer.unref();
  }

  /** One look; a look still under way is the same one. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async #poll(): Promise<void> {
    try {
      const { rows } = await this.#options.pool.query<{ id: string; subject: string }>(
        'SELECT id, subject FROM rollgate.recently_freed()',
      );
      for (const { id, subject } of rows) if (!this.#seen.has(id)) this.#options.onFreed(subject);
      this.#seen = new Set(rows.map(({ id }) => id));
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
  }
}
