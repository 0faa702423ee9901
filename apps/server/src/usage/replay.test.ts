import { expect, test } from '@jest/globals';
import { replay } from './replay.js';

const second = (n: number) => 1_800_000_000 + n;

test('a limit that is large enough for all calls avoids every denial', () => {
  const allowed = [{ second: second(0), units: 60 }];
  const denied = [{ second: second(1), cost: 1, calls: 312 }];
  expect(replay({ allowed, denied }, { perMinute: 600, perHour: 1800 })).toEqual({
    stillAllowed: 60,
    newlyDenied: 0,
    newlyAllowed: 312,
  });
});

test('calls that were actually allowed use their units before denied calls are replayed', () => {
  const allowed = [{ second: second(0), units: 60 }];
  const denied = [{ second: second(0), cost: 1, calls: 100 }];
  expect(replay({ allowed, denied }, { perMinute: 100, perHour: 1800 }).newlyAllowed).toBe(40);
});

test('the hour limit denies a call that the minute limit would allow', () => {
  const allowed = [{ second: second(0), units: 90 }];
  const denied = [{ second: second(300), cost: 1, calls: 100 }];
  expect(replay({ allowed, denied }, { perMinute: 1000, perHour: 100 }).newlyAllowed).toBe(10);
});

test('a unit leaves the minute window after its 61st second', () => {
  const allowed = [{ second: second(0), units: 10 }];
  const at = (n: number) =>
    replay({ allowed, denied: [{ second: second(n), cost: 1, calls: 5 }] }, { perMinute: 10, perHour: 1800 });
  expect([at(60).newlyAllowed, at(61).newlyAllowed]).toEqual([0, 5]);
});

test('a call of several units is allowed in full or not at all', () => {
  const denied = [{ second: second(0), cost: 4, calls: 3 }];
  expect(replay({ allowed: [], denied }, { perMinute: 10, perHour: 1800 }).newlyAllowed).toBe(2);
});

test('the same limits avoid no denial', () => {
  const allowed = [{ second: second(0), units: 10 }];
  const denied = [{ second: second(5), cost: 1, calls: 7 }];
  expect(replay({ allowed, denied }, { perMinute: 10, perHour: 100 })).toEqual({
    stillAllowed: 10,
    newlyDenied: 0,
    newlyAllowed: 0,
  });
});

test('lower limits deny calls that were allowed, and calls that they deny use no units', () => {
  const allowed = [
    { second: second(0), units: 10 },
    { second: second(30), units: 3 },
    { second: second(61), units: 4 },
  ];
  const replayed = replay({ allowed, denied: [] }, { perMinute: 6, perHour: 100 });
  expect(replayed).toEqual({ stillAllowed: 10, newlyDenied: 7, newlyAllowed: 0 });
});

test('calls before the span fill the windows and are not counted', () => {
  const allowed = [
    { second: second(0), units: 4 },
    { second: second(10), units: 4 },
  ];
  const replayed = replay({ allowed, denied: [] }, { perMinute: 5, perHour: 100, from: second(5) });
  expect(replayed).toEqual({ stillAllowed: 1, newlyDenied: 3, newlyAllowed: 0 });
});

test('a reset empties both windows', () => {
  const allowed = [
    { second: second(0), units: 5 },
    { second: second(1), units: 5, afterReset: true },
  ];
  expect(replay({ allowed, denied: [] }, { perMinute: 5, perHour: 5 }).newlyDenied).toBe(0);
});
