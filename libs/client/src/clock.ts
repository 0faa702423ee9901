/** Time and timers, so that tests can control both. */
export interface Clock {
  /** Time in ms that never goes back. Its zero has no meaning. */
  nowMs(): number;
  /** Unix ms. Used only for a date in a response that has no `Date` field of its own to compare it with. */
  unixMs(): number;
  setTimer(run: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

/** Longest delay of `setTimeout`. A longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  unixMs: () => Date.now(),
  setTimer: (run, delayMs) => setTimeout(run, Math.min(Math.max(0, delayMs), MAX_TIMER_MS)),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** One timer that is moved: setting it again replaces it. It may fire early, so `run` looks at the clock again. */
export class Alarm {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: unknown;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** `Infinity` only clears it. */
  set(atMs: number): void {
    if (atMs === this.#atMs) return;
    this.clear();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.#run();
    }, atMs - this.#clock.nowMs());
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
