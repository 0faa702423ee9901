import { expect, test } from '@jest/globals';
import { factorSchema, multipliedLimit } from './factor.js';

test.each([
  [60, 2, 120],
  [60, 1.001, 61],
  [7, 1.5, 11],
  [1, 0.001, 1],
  [0, 10, 0],
  [60, 1, 60],
  [3, 1.1, 4],
  [1_000_000_000, 1_000, 1_000_000_000],
  [999_999_999, 1.001, 1_000_000_000],
  [5, 0.2, 1],
])('a default limit of %d units times %d is %d units', (byDefault, factor, expected) => {
  expect(multipliedLimit(byDefault, factor)).toBe(expected);
});

test.each([0.001, 0.5, 1, 1.234, 2, 1_000])('%d is accepted as a factor', (factor) => {
  expect(factorSchema.safeParse(factor).success).toBe(true);
});

test.each([0, -2, 1_000.001, 1.2345, Number.NaN, Number.POSITIVE_INFINITY, '2'])(
  '%p is rejected as a factor',
  (factor) => {
    expect(factorSchema.safeParse(factor).success).toBe(false);
  },
);

test('what arithmetic left behind the third decimal is rounded off', () => {
  expect(factorSchema.parse(1.1 * 3)).toBe(3.3);
});
