import { expect, test } from '@jest/globals';
import { TestClock } from './test-clock.js';

test('a test clock moves only by advance and set', () => {
  const clock = new TestClock(1_000);
  clock.advance({ ms: 1, seconds: 2, minutes: 3 });
  expect(clock.nowMs).toBe(1_000 + 1 + 2_000 + 180_000);
  clock.set(5);
  expect(clock.now).toEqual(new Date(5));
});
