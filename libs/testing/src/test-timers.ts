import { setImmediate } from 'node:timers/promises';
import { TestClock } from './test-clock.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock with timers that fire in order as soon as nothing else is left to do, so that hours pass in moments. */
export class TestTimers {
  readonly clock: TestClock;
  readonly #timers = new Set<Timer>();
  #order = 0;

  constructor(clock = new TestClock()) {
    this.clock = clock;
  }

  nowMs(): number {
    return this.clock.nowMs;
  }

  unixMs(): number {
    return this.clock.nowMs;
  }

  setTimer(run: () => void, delayMs: number): unknown {
    this.#order += 1;
    const timer = { atMs: this.clock.nowMs + Math.max(0, delayMs), order: this.#order, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(resolve, delayMs);
    });
  }

  /**
   * Fires timers until `work` is settled. `isBusy` reports work outside of these timers, such as requests over a network:
   * the time does not advance meanwhile.
   * @throws Error if nothing is left that could settle `work`
   */
  async run<T>(work: Promise<T>, isBusy: () => boolean = () => false): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    for (let idleTurns = 0; !isSettled; ) {
      await setImmediate();
      if (isBusy()) idleTurns = 0;
      else idleTurns += 1;
      // What a turn of the event loop has begun may take another turn to show.
      if (idleTurns < 2 || isSettled) continue;
      idleTurns = 0;
      if (!this.#fireNext()) throw new Error('no timer is set, and the work has not ended');
    }
    return await work;
  }

  #fireNext(): boolean {
    const [first] = [...this.#timers].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    if (first === undefined) return false;
    this.#timers.delete(first);
    this.clock.set(Math.max(this.clock.nowMs, first.atMs));
    first.run();
    return true;
  }
}
