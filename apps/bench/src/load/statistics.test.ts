import { describe, expect, it } from '@jest/globals';
import { median, percentile, ratio, summarise } from './statistics.js';

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10], // sorted as numbers, not as text
  ])('returns for %j the value %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('does not change its argument', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('throws for an empty list instead of returning NaN', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('percentile', () => {
  const thousand = Float64Array.from({ length: 1000 }, (_, i) => i + 1);

  it.each([
    [50, 500],
    [99, 990],
    [99.9, 999],
    [100, 1000],
    [0, 1],
  ])('returns for %d percent of the numbers 1 to 1000 the value %d', (percent, expected) => {
    expect(percentile(thousand, percent)).toBe(expected);
  });

  it('returns the value of a list with one value', () => {
    expect(percentile([7], 99.9)).toBe(7);
  });
});

it('a summary keeps the order of the rounds', () => {
  expect(summarise([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, rounds: [3, 1, 2] });
});

it('a summary is rounded to six significant digits', () => {
  expect(summarise([1 / 3, 1_234_567.8])).toEqual({
    median: 617_284,
    min: 0.333333,
    max: 1_234_570,
    rounds: [0.333333, 1_234_570],
  });
});

it('a ratio is taken within each round', () => {
  // In the second round both ran half as fast. The ratio does not change.
  expect(ratio([100, 50, 110], [10, 5, 10])).toEqual({ median: 10, min: 10, max: 11, rounds: [10, 10, 11] });
});
