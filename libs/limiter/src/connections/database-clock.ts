/** Estimates the database's clock from its last answer and this instance's monotonic clock. */
export class DatabaseClock {
  readonly #monotonic: () => number;
  readonly #owned: boolean;
  #offset: number;

  /** Before the first answer it returns this machine's clock. `owned` returns Unix ms, for tests that control time. */
  constructor({ owned }: { owned?: (() => number) | undefined } = {}) {
    this.#owned = owned !== undefined;
    this.#monotonic = owned ?? (() => performance.now());
    this.#offset = owned === undefined ? performance.timeOrigin : 0;
  }

  /**
   * Adjusts the clock: the database answered `nowMs` to a statement sent at `askedAt` of the monotonic clock, and the
   * answer has just arrived.
   */
  heard({ nowMs, askedAt }: { nowMs: number; askedAt: number }): void {
    if (!this.#owned) this.#offset = nowMs - (askedAt + this.#monotonic()) / 2;
  }

  /** Monotonic time in ms, from an arbitrary origin. */
  monotonic(): number {
    return this.#monotonic();
  }

  /** The database's estimated time, Unix ms. */
  now(): number {
    return this.#monotonic() + this.#offset;
  }
}
