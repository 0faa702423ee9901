import { setTimeout as sleep } from 'node:timers/promises';

interface UntilOptions<Found> {
  /** What is waited for, as a sentence for the error message: `the limiter is in normal mode`. */
  readonly what: string;
  /** Whether this result ends the wait. Default: whether it is truthy. */
  readonly accept?: (found: Found) => boolean;
  /** Default: 20,000 ms, which is enough for anything that a test waits for on a busy machine. */
  readonly timeoutMs?: number;
  /** The pause after each check. Default: 20 ms. */
  readonly pauseMs?: number;
  /** Called after a timeout. Its result is added to the error message. */
  readonly details?: () => unknown;
}

/**
 * Calls `check` until its result is accepted, and returns that. The first call is immediate.
 * @throws Error that says what did not become true in time, and the errors of `check`
 */
export async function until<Found>(check: () => Found | Promise<Found>, options: UntilOptions<Found>): Promise<Found> {
  const { what, accept = Boolean, timeoutMs = 20_000, pauseMs = 20, details } = options;
  for (const deadline = performance.now() + timeoutMs; ; await sleep(pauseMs)) {
    const found = await check();
    if (accept(found)) return found;
    if (performance.now() < deadline) continue;
    const known = details === undefined ? '' : `; ${JSON.stringify(await details())}`;
    throw new Error(`still not true after ${timeoutMs / 1_000} s: ${what}${known}`);
  }
}
