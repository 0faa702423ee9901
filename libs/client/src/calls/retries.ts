/** Decides whether a call that failed is sent again, and how long it waits before. */
import type { Call, CallOptions } from './call.js';

/** What a failed call waits for its first repetition, at most. Doubles each time. */
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Statuses after which the same call may succeed soon. */
const TRANSIENT = new Set([408, 502, 503, 504]);

export const DENIED = 429;

/**
 * Whether it does no harm to send the call twice. After a lost response it is unknown whether the first one took
 * effect. A denied call took no effect, so a denial is repeated whatever the method.
 */
export function isRepeatable({ method, headers }: Call<unknown>, { idempotent }: CallOptions): boolean {
  return idempotent ?? (SAFE_METHODS.has(method) || Boolean(headers.get('idempotency-key')));
}

export function isTransient(status: number): boolean {
  return TRANSIENT.has(status);
}

/** Exponential back-off with full jitter, so that clients that failed together do not return together. */
export function backoffMs(failures: number, random: () => number): number {
  return Math.ceil(random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}
