/**
 * Counts a call once, however many guards it passes. The first guard requests a decision, and the others use the same
 * one. The decision is stored with the call, so guards of several `RollgateModule`s share it too.
 *
 * Invariant: a decision is requested once per call and limit. Its promise is stored before it is awaited, so that
 * concurrent guards share it. A failure is stored as well, because it is unknown then whether units were spent.
 */
import type { Decision } from '@rollgate/contract';

interface StoredDecision {
  /** Identifies the API and its dimensions, because one call may pass several limits. */
  readonly limit: string;
  readonly decision: Promise<Decision>;
  readonly before: StoredDecision | undefined;
}

/**
 * Decisions are stored on the call object, because garbage collection of a weak map with an entry per call is expensive.
 * The key is the same in every loaded copy of this package.
 */
const DECISIONS = Symbol.for('rollgate:outcomes');
/** Decisions of calls whose object is not extensible. */
const sealed = new WeakMap<object, StoredDecision>();

/** The decision of this call under this limit. Calls `decide` if there is none yet. */
export function decideOnce(
  { call, limit }: { call: object; limit: string },
  decide: () => Promise<Decision>,
): Promise<Decision> {
  for (let stored = newestOf(call); stored; stored = stored.before) {
    if (stored.limit === limit) return stored.decision;
  }
  const decision = decide();
  // Look up the newest decision again: `decide` runs up to its first await before it returns, and may have stored one.
  keep(call, { limit, decision, before: newestOf(call) });
  return decision;
}

function newestOf(call: object): StoredDecision | undefined {
  return (call as Record<symbol, StoredDecision | undefined>)[DECISIONS] ?? sealed.get(call);
}

function keep(call: object, stored: StoredDecision): void {
  if (Object.isExtensible(call)) (call as Record<symbol, StoredDecision>)[DECISIONS] = stored;
  else sealed.set(call, stored);
}
