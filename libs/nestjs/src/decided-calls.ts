/**
 * One call is counted once, however many guards it passes: the first one asks, the others get its answer.
 *
 * Invariant: what was asked stays asked. An outcome is kept before it is awaited, so that guards running side by side
 * share it too, and a failure is kept with it: after one, nobody knows whether units were spent.
 */
import { Injectable } from '@nestjs/common';
import type { Decision } from '@rollgate/contract';

@Injectable()
export class DecidedCalls {
  readonly #outcomes = new WeakMap<object, Map<string, Promise<Decision>>>();

  /** `limit` names the API and level, as one call may pass several. */
  once({ call, limit }: { call: object; limit: string }, decide: () => Promise<Decision>): Promise<Decision> {
    let outcomes = this.#outcomes.get(call);
    if (!outcomes) {
      outcomes = new Map();
      this.#outcomes.set(call, outcomes);
    }
    let outcome = outcomes.get(limit);
    if (!outcome) {
      outcome = decide();
      outcomes.set(limit, outcome);
    }
    return outcome;
  }
}
