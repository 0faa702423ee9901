import { expect, test } from '@jest/globals';
import { LatencyLog, percentilesOf } from './latency-log.js';

const logOf = (...values: number[]): LatencyLog => {
  const log = new LatencyLog();
  for (const value of values) log.add(value);
  return log;
};

test('percentiles of several logs are those of all their values, not averages', () => {
  const slow = logOf(...Array.from({ length: 10 }, () => 100));
  const fast = logOf(...Array.from({ length: 990 }, (_, i) => i / 1000));
  const { p50, p99, p999 } = percentilesOf([slow.values(), fast.values()]);
  expect({ p50, p99, p999 }).toEqual({ p50: 0.499, p99: 0.989, p999: 100 });
  expect(percentilesOf([fast.values(), slow.values()])).toEqual({ p50, p99, p999 });
});

test('a log grows beyond its first size and keeps the order of its values', () => {
  const values = Array.from({ length: (1 << 16) + 3 }, (_, i) => i);
  const log = logOf(...values);
  expect(log.values()).toHaveLength(values.length);
  expect([...log.values().subarray(-3)]).toEqual(values.slice(-3));
});
