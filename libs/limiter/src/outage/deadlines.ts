/**
 * Ends calls that wait too long for any reason. One timer serves all calls, and none runs while no call waits: calls
 * share one budget, so they expire in the order they came. If the budget becomes shorter, a call may wait as long as
 * one that came before it.
 */

const TICK_MS = 5;

export interface Timed {
  /** The `performance.now()` value at which the call is too late. */
  readonly lateAt: number;
  /** True once the call has been answered. */
  settled: boolean;
  late(): void;
}

export class Deadlines {
  #waiting: Timed[] = [];
  #first = 0;
  #timer: NodeJS.Timeout | undefined;

  add(call: Timed): void {
    this.#waiting.push(call);
    this.#timer ??= setInterval(() => this.#look(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    const waiting = this.#waiting;
    let first = this.#first;
    for (; first < waiting.length; first++) {
      const call = waiting[first] as Timed;
      if (call.settled) continue;
      if (call.lateAt > now) break;
      call.late();
    }
    this.#first = first;
    if (first === waiting.length) {
      this.#waiting = [];
      this.#first = 0;
      this.stop();
    } else if (first > 1024 && first > waiting.length / 2) {
      this.#waiting = waiting.slice(first);
      this.#first = 0;
    }
  }
}
