/**
 * The header fields of a decision. Their syntax is that of lists in RFC 9651, as in
 * draft-ietf-httpapi-ratelimit-headers.
 *
 * Invariant: values contain only names of windows and digits, so no value can contain a line break.
 */
import { type Decision, WINDOW_SECONDS, type Window } from '@rollgate/contract';

/** Name and value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Seconds after which the same call would be allowed if nothing else is spent: a whole number, rounded up, at least 1,
 * and not before a violated window frees its next unit. `null`: the call is allowed, or retrying does not help.
 */
export function retryAfterSeconds(decision: Decision): number | null {
  if (decision.allowed || decision.retryAfterMs === null) return null;
  const resets = decision.violated.map((window) => decision.windows[window].resetAfterMs ?? 0);
  return Math.max(1, seconds(Math.max(decision.retryAfterMs, ...resets)));
}

/** All header fields of this decision. `Retry-After` is included only if retrying helps. */
export function headerFields(decision: Decision, { legacy }: { legacy: boolean }): HeaderField[] {
  const { windows } = decision;
  const fields: HeaderField[] = [
    policyField(windows.minute.limit, windows.hour.limit),
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

/** Fields by the limits of both windows. An application has few different limits, and each response repeats one. */
const policies = new Map<number, Map<number, HeaderField>>();
const MOST_POLICIES = 1000;
let policiesKept = 0;

function policyField(perMinute: number, perHour: number): HeaderField {
  const known = policies.get(perMinute)?.get(perHour);
  if (known !== undefined) return known;
  if (policiesKept >= MOST_POLICIES) {
    policies.clear();
    policiesKept = 0;
  }
  const field: HeaderField = ['RateLimit-Policy', `${policy('minute', perMinute)}, ${policy('hour', perHour)}`];
  const byHour = policies.get(perMinute) ?? new Map<number, HeaderField>();
  policies.set(perMinute, byHour.set(perHour, field));
  policiesKept++;
  return field;
}

function policy(window: Window, limit: number): string {
  return `"${window}";q=${digits(limit)};w=${WINDOW_SECONDS[window]}`;
}

function state({ windows }: Decision, window: Window): string {
  const { remaining, resetAfterMs } = windows[window];
  const reset = resetAfterMs === null ? '' : `;t=${digits(seconds(resetAfterMs))}`;
  return `"${window}";r=${digits(remaining)}${reset}`;
}

/** The window that denied, or else the one with fewer units left; the minute if they are equal. */
function tightest({ deniedBy, windows }: Decision): Window {
  return deniedBy ?? (windows.hour.remaining < windows.minute.remaining ? 'hour' : 'minute');
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** A broken store may return a negative or fractional number. Report 0 then. */
function digits(value: number): string {
  return Number.isSafeInteger(value) && value > 0 ? String(value) : '0';
}
