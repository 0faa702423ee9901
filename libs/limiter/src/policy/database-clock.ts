/** The database's clock, told between two looks at it by this node's monotonic one. */
export class DatabaseClock {
  readonly #monotonic: () => number;
  readonly #owned: boolean;
  #offset: number;

  /** Before the first look it is this machine's clock. `owned`: Unix ms, for tests that own the time. */
  constructor({ owned }: { owned?: () => number } = {}) {
    this.#owned = owned !== undefined;
    this.#monotonic = owned ?? (() => performance.now());
    this.#offset = owned === undefined ? performance.timeOrigin : 0;
  }

  /** Asked at `askedAt` of the monotonic clock, the database said `nowMs`; the answer is here now. */
  heard({ nowMs, askedAt }: { nowMs: number; askedAt: number }): void {
    if (!this.#owned) this.#offset = nowMs - (askedAt + this.#monotonic()) / 2;
  }

  /** ms, of any origin. */
  monotonic(): number {
    return this.#monotonic();
  }

  /** Unix ms. */
  now(): number {
    return this.#monotonic() + this.#offset;
  }
}
