/**
 * Gives units back: those of one decision, or all of a subject.
 *
 * Invariant: whatever frees a window ends the remembered denial of its subject, even if the outcome is unknown.
 */
import type { Decision } from '@rollgate/contract';
import type { Store } from '../store/store.js';
import { laneOf, laneOfKey } from '../subject/subject-key.js';
import type { DenialMemory } from './denial-memory.js';
import type { StoreTimeLimit } from './store-time-limit.js';

export interface RefundsOptions {
  readonly store: Store;
  readonly denials: DenialMemory;
  readonly timeLimit: StoreTimeLimit;
}

export class Refunds {
  readonly #store: Store;
  readonly #denials: DenialMemory;
  readonly #timeLimit: StoreTimeLimit;
  readonly #refunded = new WeakSet<Decision>();
  /** The second in which a decision's units are counted, if it differs from the second of the decision. */
  readonly #countedIn = new WeakMap<Decision, number>();

  constructor({ store, denials, timeLimit }: RefundsOptions) {
    this.#store = store;
    this.#denials = denials;
    this.#timeLimit = timeLimit;
  }

  /** Notes that the store counted the units of a decision in another second than that of the decision. */
  noteSecond(decision: Decision, second: number): void {
    this.#countedIn.set(decision, second);
  }

  /** @returns the number of units returned */
  async refund(decision: Decision): Promise<number> {
    if (!decision.allowed || decision.deniedBy !== null || this.#refunded.has(decision)) return 0;
    this.#refunded.add(decision);
    const second = this.#countedIn.get(decision) ?? secondOf(decision);
    const grant = { subject: decision.subject, second, units: decision.cost };
    try {
      return await this.#timeLimit.run(() => this.#store.refund(laneOf(decision.account), grant));
    } catch (error) {
      this.#refunded.delete(decision);
      throw error;
    } finally {
      this.#denials.forget(decision.subject);
    }
  }

  /** Empties both windows of the subject with this key. */
  async reset(key: string): Promise<void> {
    try {
      await this.#timeLimit.run(() => this.#store.reset(laneOfKey(key), key));
    } finally {
      this.#denials.forget(key);
    }
  }
}

/** The second of a decision, in which its units are normally counted. */
export function secondOf({ decidedAtMs }: Decision): number {
  return Math.floor(decidedAtMs / 1000);
}
