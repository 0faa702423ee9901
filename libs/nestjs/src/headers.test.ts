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
  it('are the two of the draft on an allowed call, seconds rounded up', () => {
    expect(fieldsOf({})).toEqual({
      'RateLimit-Policy': '"minute";q=60;w=60, "hour";q=1800;w=3600',
      RateLimit: '"minute";r=12;t=9, "hour";r=900;t=41',
    });
  });

  it('leave t out where nothing is used', () => {
    const unused = { used: 0, resetAfterMs: null };
    expect(fieldsOf({ minute: unused, hour: unused }).RateLimit).toBe('"minute";r=12, "hour";r=900');
  });

  it.each([
    ['no number at all', Number.NaN],
    ['below 0', -5],
    ['endless', Number.POSITIVE_INFINITY],
    ['broken', 1.5],
    ['text', '1\r\nSet-Cookie: a=b' as unknown as number],
  ])('hold digits only, where a number is %s', (_what, value) => {
    const fields = fieldsOf({ minute: { limit: value, remaining: value } }, true);
    expect(fields['RateLimit-Policy']).toBe('"minute";q=0;w=60, "hour";q=1800;w=3600');
    expect(fields.RateLimit).toBe('"minute";r=0;t=9, "hour";r=900;t=41');
    expect(Object.values(fields).join()).not.toMatch(/[\r\n]/);
  });

  it.each<[string, Seen, number | null]>([
    ['none on an allowed call', {}, null],
    ['rounded up', { violated: ['minute'], retryAfterMs: 9_001 }, 10],
    ['whole seconds as they are', { violated: ['minute'], retryAfterMs: 9_000 }, 9],
    ['1 at least', { violated: ['minute'], retryAfterMs: 0, minute: { resetAfterMs: 0 } }, 1],
    ['never before a violated window frees its next unit', { violated: ['hour'], retryAfterMs: 2_000 }, 41],
    ['not held up by a window that has room', { violated: ['minute'], retryAfterMs: 8_500 }, 9],
    ['none where no wait helps', { violated: ['minute'], retryAfterMs: null }, null],
  ])('say when to come back: %s', (_what, seen, seconds) => {
    expect(retryAfterSeconds(decisionOf(seen))).toBe(seconds);
    expect(fieldsOf(seen)['Retry-After']).toBe(seconds === null ? undefined : String(seconds));
  });

  it.each<[string, Seen, string[]]>([
    ['the minute, with the least left', {}, ['60', '12', '9']],
    ['the hour, with the least left', { hour: { remaining: 3 } }, ['1800', '3', '41']],
    ['the minute, where both have as little', { hour: { remaining: 12 } }, ['60', '12', '9']],
    [
      'the one that denied',
      { violated: ['hour'], retryAfterMs: 50_000, hour: { remaining: 20 } },
      ['1800', '20', '50'],
    ],
  ])('are, for older clients, of one window: %s', (_what, seen, [limit, remaining, reset]) => {
    expect(fieldsOf(seen, true)).toMatchObject({
      'X-RateLimit-Limit': limit,
      'X-RateLimit-Remaining': remaining,
      'X-RateLimit-Reset': reset,
    });
  });
});
