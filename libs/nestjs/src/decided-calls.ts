/**
 * One call is counted once, however many guards it passes: the first one asks, the others get its answer.
 *
 * Invariant: what was asked stays asked. An outcome is kept before it is awaited, so that guards running side by side
 * share it too, and a failure is kept with it: after one, nobody knows whether units were spent.
 */
import { Injectable } from '@nestjs/common';
import type { Decision } from '@rollgate/contract';

interface Outcome {
  /** Names the API and level, as one call may pass several. */
  readonly limit: string;
  readonly decision: Promise<Decision>;
  readonly before: Outcome | undefined;
}

@Injectable()
export class DecidedCalls {
  /** The calls keep their outcomes themselves: an entry of a weak map for each is costly to collect. */
  readonly #outcomes = Symbol('rollgate:outcomes');
  /** For what can't be written to. */
  readonly #sealed = new WeakMap<object, Outcome>();

  once({ call, limit }: { call: object; limit: string }, decide: () => Promise<Decision>): Promise<Decision> {
    const newest = this.#newest(call);
    for (let outcome = newest; outcome; outcome = outcome.before) {
      if (outcome.limit === limit) return outcome.decision;
    }
    const decision = decide();
    // Looked up again: `decide` runs up to its first await before it returns, and may have met this call.
    this.#keep(call, { limit, decision, before: this.#newest(call) });
    return decision;
  }

  #newest(call: object): Outcome | undefined {
    return (call as Record<symbol, Outcome | undefined>)[this.#outcomes] ?? this.#sealed.get(call);
  }

  #keep(call: object, outcome: Outcome): void {
    if (Object.isExtensible(call)) (call as Record<symbol, Outcome>)[this.#outcomes] = outcome;
    else this.#sealed.set(call, outcome);
  }
}
