import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { WindowReport } from './limit-report.js';
import { readLimits } from './read-limits.js';

/** The time of this program. Responses with a `Date` must not depend on it. */
const UNIX_MS = Date.UTC(2026, 0, 1);
const read = (fields: Record<string, string>) => readLimits(new Headers(fields), () => UNIX_MS);
const window = (of: Partial<WindowReport>): WindowReport => ({
  name: '',
  partition: null,
  limit: null,
  lengthMs: null,
  remaining: null,
  resetMs: null,
  ...of,
});

describe('windows', () => {
  it.each<[string, Record<string, string>, Partial<WindowReport>[]]>([
    [
      'both fields as the sample platform writes them',
      {
        'RateLimit-Policy': '"minute";q=60;w=60, "hour";q=1800;w=3600',
        RateLimit: '"minute";r=12;t=9, "hour";r=900',
      },
      [
        { name: 'minute', limit: 60, lengthMs: 60_000, remaining: 12, resetMs: 9_000 },
        { name: 'hour', limit: 1800, lengthMs: 3_600_000, remaining: 900 },
      ],
    ],
    [
      'partition keys, as bytes and with spaces',
      { 'RateLimit-Policy': '"a"; q=10; w=60; pk=:YWNtZQ==:', RateLimit: '"a"; r=9; t=60; pk=:YWNtZQ==:' },
      [{ name: 'a', partition: 'acme', limit: 10, lengthMs: 60_000, remaining: 9, resetMs: 60_000 }],
    ],
    ['a state without a policy', { RateLimit: 'default;r=3;t=1' }, [{ name: 'default', remaining: 3, resetMs: 1000 }]],
    ['a policy without a state', { 'RateLimit-Policy': '"a";q=5;w=1' }, [{ name: 'a', limit: 5, lengthMs: 1000 }]],
    [
      'a policy that counts bytes is left out',
      { 'RateLimit-Policy': '"a";q=5;w=1, "b";q=9;w=1;qu="content-bytes"', RateLimit: '"a";r=4, "b";r=9' },
      [{ name: 'a', limit: 5, lengthMs: 1000, remaining: 4 }],
    ],
    [
      'the dictionary of the seventh draft',
      { RateLimit: 'limit=10, remaining=1, reset=7', 'RateLimit-Policy': '10;w=60' },
      [{ limit: 10, lengthMs: 60_000, remaining: 1, resetMs: 7_000 }],
    ],
    [
      'the fields of the sixth draft',
      {
        'RateLimit-Limit': '100',
        'RateLimit-Remaining': '50',
        'RateLimit-Reset': '30',
        'RateLimit-Policy': '100;w=60',
      },
      [{ limit: 100, lengthMs: 60_000, remaining: 50, resetMs: 30_000 }],
    ],
    [
      'a limit with its policy in the same field',
      { 'RateLimit-Limit': '100, 100;w=60', 'RateLimit-Remaining': '50' },
      [{ limit: 100, remaining: 50 }],
    ],
    [
      'X-RateLimit with a reset in seconds',
      { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '30' },
      [{ limit: 60, remaining: 0, resetMs: 30_000 }],
    ],
    [
      'X-RateLimit with a reset in Unix seconds, by the response’s own clock, which is a day ahead',
      {
        Date: 'Fri, 02 Jan 2026 00:00:00 GMT',
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Reset': String(Date.UTC(2026, 0, 2) / 1000 + 30),
      },
      [{ remaining: 0, resetMs: 30_000 }],
    ],
    [
      'X-RateLimit with a reset in Unix ms, without a Date',
      { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(UNIX_MS + 1500) },
      [{ remaining: 0, resetMs: 1500 }],
    ],
    [
      'X-Rate-Limit, and the resource as partition',
      { 'X-Rate-Limit-Remaining': '4', 'X-Rate-Limit-Resource': 'search' },
      [{ remaining: 4, partition: 'search' }],
    ],
    [
      'X-RateLimit with the window in the name',
      {
        'X-RateLimit-Limit-Minute': '5',
        'X-RateLimit-Remaining-Minute': '4',
        'X-RateLimit-Limit-Hour': '50',
        'X-RateLimit-Remaining-Hour': '49',
      },
      [
        { name: 'minute', limit: 5, lengthMs: 60_000, remaining: 4 },
        { name: 'hour', limit: 50, lengthMs: 3_600_000, remaining: 49 },
      ],
    ],
    [
      'RateLimit wins over X-RateLimit',
      { RateLimit: '"a";r=3', 'X-RateLimit-Remaining': '9' },
      [{ name: 'a', remaining: 3 }],
    ],
    ['nothing', {}, []],
    ['a field with a mistake is ignored', { RateLimit: '"a";r=3;;', 'X-RateLimit-Remaining': '9' }, [{ remaining: 9 }]],
    ['numbers below 0 are ignored', { RateLimit: '"a";r=-3;t=1', 'X-RateLimit-Remaining': '-1' }, []],
    ['text is ignored', { RateLimit: '"a";r="3"', 'X-RateLimit-Remaining': 'many' }, []],
    [
      'a window of length 0 has no length',
      { RateLimit: '"a";r=3', 'RateLimit-Policy': '"a";q=3;w=0' },
      [{ name: 'a', limit: 3, remaining: 3 }],
    ],
  ])('%s', (_what, fields, expected) => {
    expect(read(fields).windows).toEqual(expected.map(window));
  });
});

test.each<[string, Record<string, string>, number | null]>([
  ['seconds', { 'Retry-After': '120' }, 120_000],
  ['0', { 'Retry-After': '0' }, 0],
  [
    'a date, by the response’s own clock',
    { 'Retry-After': 'Thu, 01 Jan 2026 01:00:30 GMT', Date: 'Thu, 01 Jan 2026 01:00:00 GMT' },
    30_000,
  ],
  ['a date, without a Date', { 'Retry-After': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
  ['a date in the past', { 'Retry-After': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
  ['nonsense', { 'Retry-After': 'soon' }, null],
  ['below 0', { 'Retry-After': '-5' }, null],
  ['nothing', {}, null],
])('Retry-After: %s', (_what, fields, expected) => {
  expect(read(fields).retryAfterMs).toBe(expected);
});

test('whatever an API writes, reading does not throw and returns only counts and times of at least 0', () => {
  const name = fc.constantFrom(
    'ratelimit',
    'ratelimit-policy',
    'retry-after',
    'date',
    'ratelimit-limit',
    'ratelimit-remaining',
    'ratelimit-reset',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
  );
  const part = fc.constantFrom(
    '"a"',
    ';',
    'r=',
    'q=',
    'w=',
    't=',
    ',',
    ' ',
    '1',
    '-',
    '99999999999999',
    '.5',
    ':YQ==:',
    '(',
    '?1',
    '@5',
    '\u00e9',
  );
  const value = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.dictionary(name, value), (fields) => {
      const { windows, retryAfterMs } = readLimits({ get: (key) => fields[key] ?? null });
      const numbers = windows.flatMap(({ limit, lengthMs, remaining, resetMs }) => [
        limit,
        lengthMs,
        remaining,
        resetMs,
      ]);
      return [...numbers, retryAfterMs].every((number) => number === null || (number >= 0 && Number.isFinite(number)));
    }),
    { numRuns: 2000 },
  );
});
