export interface Duration {
  readonly ms?: number;
  readonly seconds?: number;
  readonly minutes?: number;
}

/** A clock that a test sets and advances, for code that takes its time as an argument. */
export class TestClock {
  private current: number;

  /** Starts at Unix milliseconds `startMs`. Default: 2026-01-01T00:00:00Z, the start of a minute and an hour. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.current = startMs;
  }

  /** Unix milliseconds, like `Date.now()`. */
  get nowMs(): number {
    return this.current;
  }

  get now(): Date {
    return new Date(this.current);
  }

  advance({ ms = 0, seconds = 0, minutes = 0 }: Duration): void {
    this.current += ms + seconds * 1_000 + minutes * 60_000;
  }

  /** Sets the clock to Unix milliseconds, also backwards: the code under test must handle a clock that steps back. */
  set(nowMs: number): void {
    this.current = nowMs;
  }
}
