import { describe, expect, it } from '@jest/globals';
import type { Decision, Window, WindowState } from '@rollgate/contract';
import { headerFields, retryAfterSeconds } from './headers.js';

interface Seen {
  readonly minute?: Partial<WindowState>;
  readonly hour?: Partial<WindowState>;
  readonly violated?: readonly Window[];
  readonly retryAfterMs?: number | null;
}

function decisionOf({ minute = {}, hour = {}, violated = [], retryAfterMs = 0 }: Seen): Decision {
  return {
    id: 'd',
    allowed: violated.length === 0,
    account: 'acme',
    api: 'publish-bot',
    group: 'bot-definition',
    subject: 'acme/publish-bot/bot=b',
    cost: 1,
    windows: {
      minute: { limit: 60, used: 48, remaining: 12, resetAfterMs: 8_001, ...minute },
      hour: { limit: 1800, used: 900, remaining: 900, resetAfterMs: 41_000, ...hour },
    },
    violated,
    deniedBy: violated.at(-1) ?? null,
    retryAfterMs,
    source: 'default',
    mode: 'enforced',
    decidedAtMs: 0,
  };
}

const fieldsOf = (seen: Seen, legacy = false) => Object.fromEntries(headerFields(decisionOf(seen), { legacy }));

describe('the fields of a decision', () => {
  it('are RateLimit-Policy and RateLimit for an allowed call, with seconds rounded up', () => {
    expect(fieldsOf({})).toEqual({
      'RateLimit-Policy': '"minute";q=60;w=60, "hour";q=1800;w=3600',
      RateLimit: '"minute";r=12;t=9, "hour";r=900;t=41',
    });
  });

  it('leave out t if nothing is used', () => {
    const unused = { used: 0, resetAfterMs: null };
    expect(fieldsOf({ minute: unused, hour: unused }).RateLimit).toBe('"minute";r=12, "hour";r=900');
  });

  it.each([
    ['not a number', Number.NaN],
    ['below 0', -5],
    ['infinite', Number.POSITIVE_INFINITY],
    ['fractional', 1.5],
    ['text', '1\r\nSet-Cookie: a=b' as unknown as number],
  ])('contain only digits if a number is %s', (_what, value) => {
    const fields = fieldsOf({ minute: { limit: value, remaining: value } }, true);
    expect(fields['RateLimit-Policy']).toBe('"minute";q=0;w=60, "hour";q=1800;w=3600');
    expect(fields.RateLimit).toBe('"minute";r=0;t=9, "hour";r=900;t=41');
    expect(Object.values(fields).join()).not.toMatch(/[\r\n]/);
  });

  it.each<[string, Seen, number | null]>([
    ['absent for an allowed call', {}, null],
    ['rounded up', { violated: ['minute'], retryAfterMs: 9_001 }, 10],
    ['unchanged for whole seconds', { violated: ['minute'], retryAfterMs: 9_000 }, 9],
    ['at least 1', { violated: ['minute'], retryAfterMs: 0, minute: { resetAfterMs: 0 } }, 1],
    ['not before a violated window frees its next unit', { violated: ['hour'], retryAfterMs: 2_000 }, 41],
    ['not delayed by a window that is not violated', { violated: ['minute'], retryAfterMs: 8_500 }, 9],
    ['absent if retrying does not help', { violated: ['minute'], retryAfterMs: null }, null],
  ])('contain a Retry-After that is %s', (_what, seen, seconds) => {
    expect(retryAfterSeconds(decisionOf(seen))).toBe(seconds);
    expect(fieldsOf(seen)['Retry-After']).toBe(seconds === null ? undefined : String(seconds));
  });

  it.each<[string, Seen, string[]]>([
    ['the minute if it has fewer units left', {}, ['60', '12', '9']],
    ['the hour if it has fewer units left', { hour: { remaining: 3 } }, ['1800', '3', '41']],
    ['the minute if both have the same number left', { hour: { remaining: 12 } }, ['60', '12', '9']],
    [
      'the one that denied',
      { violated: ['hour'], retryAfterMs: 50_000, hour: { remaining: 20 } },
      ['1800', '20', '50'],
    ],
  ])('include X-RateLimit fields of one window: %s', (_what, seen, [limit, remaining, reset]) => {
    expect(fieldsOf(seen, true)).toMatchObject({
      'X-RateLimit-Limit': limit,
      'X-RateLimit-Remaining': remaining,
      'X-RateLimit-Reset': reset,
    });
  });
});
