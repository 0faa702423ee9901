import { expect, test } from '@jest/globals';
import { avoided } from './replay.js';

const second = (n: number) => 1_800_000_000 + n;

test('a limit that is large enough for all calls avoids every denial', () => {
  const admitted = [{ second: second(0), units: 60 }];
  const denied = [{ second: second(1), cost: 1, calls: 312 }];
  expect(avoided({ perMinute: 600, perHour: 1800, admitted, denied })).toBe(312);
});

test('calls that were actually allowed use their units before denied calls are replayed', () => {
  const admitted = [{ second: second(0), units: 60 }];
  const denied = [{ second: second(0), cost: 1, calls: 100 }];
  expect(avoided({ perMinute: 100, perHour: 1800, admitted, denied })).toBe(40);
});

test('the hour limit denies a call that the minute limit would allow', () => {
  const admitted = [{ second: second(0), units: 90 }];
  const denied = [{ second: second(300), cost: 1, calls: 100 }];
  expect(avoided({ perMinute: 1000, perHour: 100, admitted, denied })).toBe(10);
});

test('a unit leaves the minute window after its 61st second', () => {
  const admitted = [{ second: second(0), units: 10 }];
  const at = (n: number) =>
    avoided({ perMinute: 10, perHour: 1800, admitted, denied: [{ second: second(n), cost: 1, calls: 5 }] });
  expect([at(60), at(61)]).toEqual([0, 5]);
});

test('a call of several units is allowed in full or not at all', () => {
  const denied = [{ second: second(0), cost: 4, calls: 3 }];
  expect(avoided({ perMinute: 10, perHour: 1800, admitted: [], denied })).toBe(2);
});

test('the same limits avoid no denial', () => {
  const admitted = [{ second: second(0), units: 10 }];
  const denied = [{ second: second(5), cost: 1, calls: 7 }];
  expect(avoided({ perMinute: 10, perHour: 100, admitted, denied })).toBe(0);
});
