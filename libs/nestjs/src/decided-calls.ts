/**
 * One call is counted once, however many guards it passes: the first one asks, the others get its answer. That holds for
 * guards of several `RollgateModule`s too: what was decided belongs to the call.
 *
 * Invariant: what was asked stays asked. An outcome is kept before it is awaited, so that guards running side by side
 * share it too, and a failure is kept with it: after one, nobody knows whether units were spent.
 */
import type { Decision } from '@rollgate/contract';

interface Outcome {
  /** Names the API and level, as one call may pass several. */
  readonly limit: string;
  readonly decision: Promise<Decision>;
  readonly before: Outcome | undefined;
}

/**
 * Calls keep their outcomes themselves: an entry of a weak map for each is costly to collect. The key is the same in
 * every copy of this package that is loaded.
 */
const OUTCOMES = Symbol.for('rollgate:outcomes');
/** Outcomes of calls that cannot be written to. */
const sealed = new WeakMap<object, Outcome>();

/** The decision of this call under this limit; `decide` is asked where there is none yet. */
export function decideOnce(
  { call, limit }: { call: object; limit: string },
  decide: () => Promise<Decision>,
): Promise<Decision> {
  for (let outcome = newestOf(call); outcome; outcome = outcome.before) {
    if (outcome.limit === limit) return outcome.decision;
  }
  const decision = decide();
  // Looked up again: `decide` runs up to its first await before it returns, and may have met this call.
  keep(call, { limit, decision, before: newestOf(call) });
  return decision;
}

function newestOf(call: object): Outcome | undefined {
  return (call as Record<symbol, Outcome | undefined>)[OUTCOMES] ?? sealed.get(call);
}

function keep(call: object, outcome: Outcome): void {
  if (Object.isExtensible(call)) (call as Record<symbol, Outcome>)[OUTCOMES] = outcome;
  else sealed.set(call, outcome);
}
