/** Replays the calls of a subject to count how many of the denied ones other limits would have allowed. */
import { MemoryStore } from '@rollgate/limiter';

interface DeniedCalls {
  /** Unix second. */
  readonly second: number;
  /** Units of one call. */
  readonly cost: number;
  readonly calls: number;
}

export interface ReplayedCalls {
  readonly perMinute: number;
  readonly perHour: number;
  /** Calls that were actually allowed. Within a second they come before the denied ones, as they did. */
  readonly admitted: readonly { readonly second: number; readonly units: number }[];
  readonly denied: readonly DeniedCalls[];
}

const NO_LIMIT = { perMinute: Number.MAX_SAFE_INTEGER, perHour: Number.MAX_SAFE_INTEGER };

/** The number of `denied` calls that fit in both rolling windows under these limits. */
export function avoided({ perMinute, perHour, admitted, denied }: ReplayedCalls): number {
  const calls = [
    ...admitted.map(({ second, units }) => ({ second, cost: units, calls: 1, ...NO_LIMIT, wasDenied: false })),
    ...denied.map((call) => ({ ...call, perMinute, perHour, wasDenied: true })),
  ].sort((a, b) => a.second - b.second);
  let now = 0;
  let found = 0;
  const store = new MemoryStore({ clock: () => now * 1000 });
  for (const { second, wasDenied, ...call } of calls) {
    now = second;
    const { rows } = store.acquireNow([{ ...call, subject: 'replayed', lane: 0 }]);
    if (wasDenied) found += rows[0]?.granted ?? 0;
  }
  return found;
}
