/**
 * EXPLAINED: each denial names the window that caused it and when to retry the call. The time is missing only if retrying
 * does not help, because the cost of the call is above a limit.
 */
import type { CallRecord, History } from '../history/record.js';

export function checkExplained({ calls }: Pick<History, 'calls'>): CallRecord[] {
  return calls.filter((call) => call.allowed === false && !isExplained(call));
}

function isExplained({ deniedBy, retryAfterMs, cost, perMinute, perHour }: CallRecord): boolean {
  if (deniedBy === null) return false;
  return retryAfterMs === null ? cost > Math.min(perMinute, perHour) : retryAfterMs > 0;
}
