import { describe, expect, test } from '@jest/globals';
import type { Decision } from '@rollgate/contract';
import { OverrideUses } from './override-use.js';
import type { InForce } from './policy.js';

const BY_DEFAULT: InForce = {
  limits: { perMinute: 60, perHour: 1_800 },
  source: 'default',
  mode: 'enforced',
  governedBy: [],
};
const window = (used: number, limit: number) => ({
  limit,
  used,
  remaining: Math.max(0, limit - used),
  resetAfterMs: null,
});

function decision(fields: Partial<Decision>, used = 1): Decision {
  return {
    id: 'x.1',
    allowed: true,
    account: 'acme',
    api: 'publish-bot',
    group: 'bots',
    subject: 'acme/publish-bot/bot=b',
    cost: 1,
    windows: { minute: window(used, 300), hour: window(used, 9_000) },
    violated: [],
    deniedBy: null,
    retryAfterMs: 0,
    source: 'ovr_1',
    mode: 'enforced',
    decidedAtMs: 1_000,
    ...fields,
  };
}

const DENIED = { allowed: false, violated: ['minute'], deniedBy: 'minute' } as const;

describe('the use of an override includes each of its effects', () => {
  test.each<[string, Decision, InForce, readonly string[], [string, boolean][]]>([
    ['within the default', decision({}, 60), BY_DEFAULT, ['ovr_1'], [['ovr_1', false]]],
    ['above the default', decision({}, 61), BY_DEFAULT, ['ovr_1'], [['ovr_1', true]]],
    ['denying a call that the default would allow', decision(DENIED, 0), BY_DEFAULT, ['ovr_1'], [['ovr_1', true]]],
    ['denying a call that the default would deny', decision(DENIED, 300), BY_DEFAULT, ['ovr_1'], [['ovr_1', false]]],
    [
      'allowing a call in shadow mode',
      decision({ ...DENIED, allowed: true, mode: 'shadow', source: 'default' }, 60),
      BY_DEFAULT,
      ['ovr_2'],
      [['ovr_2', true]],
    ],
    [
      'enforcing where the default is in shadow mode',
      decision({ ...DENIED, source: 'default' }, 60),
      { ...BY_DEFAULT, mode: 'shadow' },
      ['ovr_3'],
      [['ovr_3', true]],
    ],
    [
      'one override sets the limits and another one the mode',
      decision({}, 61),
      BY_DEFAULT,
      ['ovr_1', 'ovr_2'],
      [
        ['ovr_1', true],
        ['ovr_2', true],
      ],
    ],
  ])('%s', (_, decided, byDefault, governedBy, expected) => {
    const uses = new OverrideUses();
    uses.note(decided, { governedBy, byDefault });
    expect(uses.take().map(({ id, needed }) => [id, needed])).toEqual(expected);
    expect(uses.take()).toEqual([]);
  });
});
