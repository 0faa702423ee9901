/** Replays the recorded calls of a subject under other limits, with the rule by which the limiter decides. */
import { MemoryStore } from '@rollgate/limiter';

interface AllowedCalls {
  /** Unix second. */
  readonly second: number;
  /** Each unit counts as one call, because the cost of allowed calls is not on record. */
  readonly units: number;
  /** Whether a reset emptied both windows just before. */
  readonly afterReset?: boolean;
}

interface DeniedCalls {
  /** Unix second. */
  readonly second: number;
  /** Units of one call. */
  readonly cost: number;
  readonly calls: number;
}

export interface RecordedCalls {
  /** Within a second they come before the denied ones, as they did. */
  readonly allowed: readonly AllowedCalls[];
  readonly denied: readonly DeniedCalls[];
}

/** Numbers of calls. */
export interface Replayed {
  readonly stillAllowed: number;
  /** Calls that were allowed, and that these limits would have denied. */
  readonly newlyDenied: number;
  /** Calls that were denied, and that these limits would have allowed. */
  readonly newlyAllowed: number;
}

/** Calls before the second `from` fill the windows, but are not counted in the result. */
export function replay(
  { allowed, denied }: RecordedCalls,
  { perMinute, perHour, from = Number.NEGATIVE_INFINITY }: { perMinute: number; perHour: number; from?: number },
): Replayed {
  const calls = [
    ...allowed.map(({ second, units, afterReset }) => ({ second, cost: 1, calls: units, afterReset, was: 'allowed' })),
    ...denied.map((call) => ({ ...call, afterReset: false, was: 'denied' })),
  ].sort((a, b) => a.second - b.second);
  let now = 0;
  const clock = () => now * 1000;
  let store = new MemoryStore({ clock });
  const found = { stillAllowed: 0, newlyDenied: 0, newlyAllowed: 0 };
  for (const { second, was, afterReset, ...call } of calls) {
    now = second;
    if (afterReset) store = new MemoryStore({ clock });
    const { rows } = store.acquireNow([{ ...call, perMinute, perHour, subject: 'replayed', lane: 0 }]);
    const granted = rows[0]?.granted ?? 0;
    if (second < from) continue;
    if (was === 'denied') found.newlyAllowed += granted;
    else {
      found.stillAllowed += granted;
      found.newlyDenied += call.calls - granted;
    }
  }
  return found;
}
