import { expect, test } from '@jest/globals';
import { waitText } from './wait-text.js';

test.each([
  [0, '1 s'],
  [44_001, '45 s'],
  [59_000, '59 s'],
  [59_001, '1 minute'],
  [60_000, '1 minute'],
  [61_000, '1 minute 1 s'],
  [130_000, '2 minutes 10 s'],
  [3_540_000, '59 minutes'],
  [3_600_000, '1 hour'],
  [3_601_000, '1 hour 1 minute'],
  [7_199_500, '2 hours'],
  [7_500_000, '2 hours 5 minutes'],
])('%i ms is written as %s', (ms, text) => {
  expect(waitText(ms)).toBe(text);
});
