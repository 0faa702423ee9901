export interface Duration {
  readonly ms?: number;
  readonly seconds?: number;
  readonly minutes?: number;
}

/** A clock that moves only when told, for whatever takes its time as an argument. */
export class TestClock {
  private current: number;

  /** Default: an even minute, 2026-01-01T00:00:00Z, so that a test sees its own edges. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.current = startMs;
  }

  /** Milliseconds since 1970, like Date.now(). */
  get nowMs(): number {
    return this.current;
  }

  get now(): Date {
    return new Date(this.current);
  }

  advance({ ms = 0, seconds = 0, minutes = 0 }: Duration): void {
    this.current += ms + seconds * 1_000 + minutes * 60_000;
  }

  /** May go backwards: the rule has to bear that too. */
  set(nowMs: number): void {
    this.current = nowMs;
  }
}
