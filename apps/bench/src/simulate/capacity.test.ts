import { expect, test } from '@jest/globals';
import { capacityOf } from './capacity.js';
import type { Deployment } from './simulation.js';
import { QUEUE } from './testing/single-server.js';

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
