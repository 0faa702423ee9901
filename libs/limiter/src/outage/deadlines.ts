/**
 * Ends calls that wait too long, whatever they wait for. One timer for all of them, and none while no call waits: calls
 * have one budget, so they run out in the order they came. Where the budget has become shorter, a call may wait for as
 * long as one that came before it.
 */

const TICK_MS = 5;

export interface Timed {
  /** `performance.now()` at which it is too late. */
  readonly lateAt: number;
  /** It was answered: nothing to do any more. */
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
