import type { Attempt } from '../limits/attempt.js';

/** A call that waits for its turn. */
export interface WaitingCall {
  readonly route: string;
  readonly cost: number;
  /** Lower goes first. */
  readonly order: number;
  /** The call that was made first goes first among those of equal order, also when it is sent again. */
  readonly sequence: number;
  /** It is not sent after this. `Infinity` if it may wait forever. */
  readonly deadlineMs: number;
  readonly maxWaitMs: number;
  /** It is not sent before this, e.g. because it failed and backs off. Others may go before it. */
  readonly notBeforeMs: number;
  send(attempt: Attempt): void;
  fail(error: unknown): void;
}

/** Calls by order, then by sequence. */
export class CallQueue {
  readonly #calls: WaitingCall[] = [];

  get size(): number {
    return this.#calls.length;
  }

  add(call: WaitingCall): void {
    let [low, high] = [0, this.#calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(call, this.#calls[middle])) high = middle;
      else low = middle + 1;
    }
    this.#calls.splice(low, 0, call);
  }

  /** Returns whether it was there. */
  remove(call: WaitingCall): boolean {
    const index = this.#calls.indexOf(call);
    if (index >= 0) this.#calls.splice(index, 1);
    return index >= 0;
  }

  /** In the order in which they should go. The queue may change while the list is read. */
  list(): readonly WaitingCall[] {
    return [...this.#calls];
  }
}

function isBefore(call: WaitingCall, other: WaitingCall | undefined): boolean {
  if (other === undefined) return false;
  return call.order === other.order ? call.sequence < other.sequence : call.order < other.order;
}
