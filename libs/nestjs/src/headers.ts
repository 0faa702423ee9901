/**
 * The header fields of a decision.
 *
 * Invariant: only names of windows and digits get in, so no value can hold a line break. Syntax: lists of items of RFC
 * 9651, as in draft-ietf-httpapi-ratelimit-headers.
 */
import { type Decision, WINDOW_SECONDS, type Window } from '@rollgate/contract';

/** Name and value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Whole seconds, rounded up, 1 at least, after which the same call fits if nobody else spends. Never before a violated
 * window frees its next unit. `null`: no wait helps.
 */
export function retryAfterSeconds(decision: Decision): number | null {
  if (decision.allowed || decision.retryAfterMs === null) return null;
  const resets = decision.violated.map((window) => decision.windows[window].resetAfterMs ?? 0);
  return Math.max(1, seconds(Math.max(decision.retryAfterMs, ...resets)));
}

/** Every field of this decision. `Retry-After` only where a wait helps. */
export function headerFields(decision: Decision, { legacy }: { legacy: boolean }): HeaderField[] {
  const { windows } = decision;
  const fields: HeaderField[] = [
    ['RateLimit-Policy', `${policy(decision, 'minute')}, ${policy(decision, 'hour')}`],
    ['RateLimit', `${state(decision, 'minute')}, ${state(decision, 'hour')}`],
  ];
  const wait = retryAfterSeconds(decision);
  if (wait !== null) fields.push(['Retry-After', digits(wait)]);
  if (legacy) {
    const window = tightest(decision);
    fields.push(
      ['X-RateLimit-Limit', digits(windows[window].limit)],
      ['X-RateLimit-Remaining', digits(windows[window].remaining)],
      ['X-RateLimit-Reset', digits(wait ?? seconds(windows[window].resetAfterMs ?? 0))],
    );
  }
  return fields;
}

function policy({ windows }: Decision, window: Window): string {
  return `"${window}";q=${digits(windows[window].limit)};w=${WINDOW_SECONDS[window]}`;
}

function state({ windows }: Decision, window: Window): string {
  const { remaining, resetAfterMs } = windows[window];
  const reset = resetAfterMs === null ? '' : `;t=${digits(seconds(resetAfterMs))}`;
  return `"${window}";r=${digits(remaining)}${reset}`;
}

/** The window that denied, or the one with the least left: the minute, where both have as little. */
function tightest({ deniedBy, windows }: Decision): Window {
  return deniedBy ?? (windows.hour.remaining < windows.minute.remaining ? 'hour' : 'minute');
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** A number that is no whole one, or below 0, is a broken store's: 0 says the least. */
function digits(value: number): string {
  return Number.isSafeInteger(value) && value > 0 ? String(value) : '0';
}
