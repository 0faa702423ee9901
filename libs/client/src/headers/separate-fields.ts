/**
 * Limits in a field for each number: `RateLimit-Limit`, `-Remaining` and `-Reset` of the drafts before the seventh, and the
 * older `X-RateLimit-*`, also with the length of the window at the end of the name.
 */
import type { Delays } from './dates.js';
import { count, type HeaderReader, type WindowReport } from './limit-report.js';
import { readPolicies } from './structured-fields.js';

const SUFFIXES: readonly (readonly [suffix: string, lengthMs: number | null])[] = [
  ['', null],
  ['-second', 1_000],
  ['-minute', 60_000],
  ['-hour', 3_600_000],
  ['-day', 86_400_000],
];

export function readSeparateFields(headers: HeaderReader, delays: Delays): WindowReport[] {
  const draft = windowsOf('ratelimit', headers, delays);
  if (draft.length > 0) return draft.map((window) => withPolicy(window, headers.get('ratelimit-policy') ?? null));
  const old = windowsOf('x-ratelimit', headers, delays);
  return old.length > 0 ? old : windowsOf('x-rate-limit', headers, delays);
}

function windowsOf(prefix: string, headers: HeaderReader, delays: Delays): WindowReport[] {
  return SUFFIXES.flatMap(([suffix, lengthMs]) => {
    const remaining = number(headers.get(`${prefix}-remaining${suffix}`));
    if (remaining === null) return [];
    return [
      {
        name: suffix.slice(1),
        partition: headers.get(`${prefix}-resource`) ?? null,
        limit: number(headers.get(`${prefix}-limit${suffix}`)),
        lengthMs,
        remaining,
        resetMs: delays.resetMs(headers.get(`${prefix}-reset${suffix}`)),
      },
    ];
  });
}

/** `RateLimit-Policy: 100;w=60` beside separate fields: the length of the window with this limit. */
function withPolicy(window: WindowReport, field: string | null): WindowReport {
  const policy = readPolicies(field).policies.find(({ limit }) => limit === window.limit);
  return { ...window, lengthMs: window.lengthMs ?? policy?.lengthMs ?? null };
}

/** The number at the start of `100` or `100, 100;w=60`. */
function number(value: string | null | undefined): number | null {
  const digits = /^\s*(\d+)(?=\s*(?:[,;]|$))/.exec(value ?? '')?.[1];
  return digits === undefined ? null : count(Number(digits));
}
