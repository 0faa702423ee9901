import { expect, test } from '@jest/globals';
import { readOptions } from './options.js';

test('options that are left out have the defaults of a limiter', () => {
  const { deployment, perSecond, costs, check, json } = readOptions([]);
  expect({ perSecond, costs, check, json }).toEqual({ perSecond: undefined, costs: {}, check: false, json: false });
  expect(deployment).toMatchObject({ instances: 1, stripes: 2, maxItems: 1_000, release: 'early', sharedCores: false });
});

test('options are read in the units of their names', () => {
  const { deployment, perSecond, costs } = readOptions([
    '--rate',
    '8000',
    '--instances',
    '8',
    '--flush',
    '0',
    '--commit-delay',
    '3',
    '--row-us',
    '11.5',
    '--lock-release',
    'flush',
  ]);
  expect(deployment).toMatchObject({ instances: 8, flushMs: 0, commitDelayMs: 3, release: 'flush' });
  expect({ perSecond, costs }).toEqual({ perSecond: 8_000, costs: { rowMs: 0.0115 } });
});

test.each([
  [['--rate', '0'], '--rate must be a number above 0'],
  [['--rate', '8k'], '--rate must be a number above 0'],
  [['--instances', '1.5'], '--instances must be a whole number'],
  [['--stripes', '65'], '--stripes must be a whole number above 0, at most 64'],
  [['--flush=-1'], '--flush must be a number of at least 0'],
  [['--flush', ''], '--flush must be a number of at least 0'],
  [['--lock-release', 'late'], '--lock-release must be early or flush, not "late"'],
  [['--speed', '9'], "Unknown option '--speed'"],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
