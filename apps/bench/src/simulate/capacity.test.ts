import { expect, test } from '@jest/globals';
import { capacityOf } from './capacity.js';
import type { Deployment } from './simulation.js';

const QUEUE: Deployment = {
  instances: 1,
  stripes: 1,
  batchesInFlight: 1,
  maxItems: 1,
  roundTripMs: 0,
  flushMs: 0,
  commitDelayMs: 0,
  release: 'flush',
  cores: 1,
  sharedCores: false,
  subjects: 1_000_000,
  accounts: 1_000_000,
  costs: { batchMs: 0, rowMs: 1, callMs: 0, flushMs: 0, crowdedMs: 0, pauseMs: 0 },
};

test.each([
  [1, 1_000],
  [0.1, 10_000],
])('a single server that needs %f ms for each call has a capacity a little below %f/s', (rowMs, most) => {
  const capacity = capacityOf({ deployment: { ...QUEUE, costs: { ...QUEUE.costs, rowMs } }, seed: 1 });
  expect(capacity).toBeGreaterThan(0.85 * most);
  expect(capacity).toBeLessThan(1.05 * most);
});

test('lanes that are held across a flush bound the capacity by the flush', () => {
  const slow: Deployment = { ...QUEUE, flushMs: 4, costs: { ...QUEUE.costs, rowMs: 0.001 } };
  expect(capacityOf({ deployment: slow, seed: 1 })).toBeLessThan(1.05 * 250);
});
