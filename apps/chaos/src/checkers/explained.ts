/**
 * EXPLAINED: each denial names the window that denies it, and says when the call may be tried again, unless no wait helps
 * because its cost alone is above a limit.
 */
import type { CallRecord, History } from '../history/record.js';

export function checkExplained({ calls }: Pick<History, 'calls'>): CallRecord[] {
  return calls.filter((call) => call.allowed === false && !isExplained(call));
}

function isExplained({ deniedBy, retryAfterMs, cost, perMinute, perHour }: CallRecord): boolean {
  if (deniedBy === null) return false;
  return retryAfterMs === null ? cost > Math.min(perMinute, perHour) : retryAfterMs > 0;
}
