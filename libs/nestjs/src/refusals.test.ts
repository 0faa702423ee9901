import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { denialException } from './refusals.js';

function denialOf(changes: Partial<Decision>, limit: number): Decision {
  const window = { limit, used: 0, remaining: limit, resetAfterMs: null };
  return {
    id: 'd',
    allowed: false,
    account: 'acme',
    api: 'publish-bot',
    group: 'bot-definition',
    subject: 'acme/publish-bot/bot=b',
    cost: 3,
    windows: { minute: window, hour: window },
    violated: ['minute', 'hour'],
    deniedBy: 'hour',
    retryAfterMs: null,
    source: 'default',
    mode: 'enforced',
    decidedAtMs: 0,
    ...changes,
  };
}

describe('a denial whose cost exceeds the limit', () => {
  it('is 422, because retrying does not help', () => {
    expect(denialException(denialOf({}, 2), { message: 'no' }).getStatus()).toBe(422);
  });

  it('is 429 if it exceeds only the share of an instance whose database is away', () => {
    const exception = denialException(denialOf({ mode: 'fallback_denied', retryAfterMs: 2_000 }, 2), { message: 'no' });
    expect(exception.getStatus()).toBe(429);
    expect(exception.getResponse()).toMatchObject({ window: 'hour', retryAfterSeconds: 2 });
  });

  it('is 429 if the limit is 0', () => {
    expect(denialException(denialOf({}, 0), { message: 'no' }).getStatus()).toBe(429);
  });
});
