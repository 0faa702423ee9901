import { expect, test } from '@jest/globals';
import { type Deployment, type SimulatedLoad, simulate } from './simulation.js';
import { QUEUE } from './testing/single-server.js';

/** Like a cluster on a disk with slow flushes. */
const CLUSTER: Deployment = {
  ...QUEUE,
  instances: 8,
  stripes: 2,
  batchesInFlight: 2,
  maxItems: 1_000,
  roundTripMs: 0.1,
  flushMs: 0.1,
  commitDelayMs: 3,
  release: 'early',
  cores: 2,
  sharedCores: true,
  subjects: 10_000,
  accounts: 1_000,
  costs: { batchMs: 0.3, rowMs: 0.011, callMs: 0.008, flushMs: 0.03, crowdedMs: 0, pauseMs: 0 },
};

function predict(deployment: Deployment, load: SimulatedLoad, { seconds = 1, seed = 1 } = {}) {
  return simulate({ deployment, load, warmUpSeconds: seconds / 4, seconds, seed });
}

const random = (perSecond: number): SimulatedLoad => ({ perSecond, arrivals: 'random' });

test.each([0.2, 0.5, 0.8])('random calls to one server wait as M/D/1 says, at a load of %f', (load) => {
  const { meanMs, busyCores, perSecond } = predict(QUEUE, random(1000 * load), { seconds: 100 });
  // Pollaczek-Khinchine with a constant service time of 1 ms.
  expect(meanMs / (1 + load / (2 * (1 - load)))).toBeCloseTo(1, 1);
  expect(busyCores).toBeCloseTo(load, 1);
  expect(perSecond / (1000 * load)).toBeCloseTo(1, 1);
});

test('a closed loop on one server: every caller waits for all others', () => {
  const { perSecond, p50Ms, p99Ms, batchesPerSecond, rowsPerBatch } = predict(QUEUE, { callersEach: 10 });
  expect([perSecond, batchesPerSecond].map((rate) => Math.round(rate / 10))).toEqual([100, 100]);
  expect([p50Ms, p99Ms]).toEqual([expect.closeTo(10), expect.closeTo(10)]);
  expect(rowsPerBatch).toBe(1);
});

test('by the law of Little, callers = rate × mean latency', () => {
  const { perSecond, meanMs } = predict(CLUSTER, { callersEach: 64 });
  expect((perSecond * meanMs) / 1000 / (8 * 64)).toBeCloseTo(1, 1);
});

test('a call alone waits for its work, one round trip and one flush, with both releases of the locks', () => {
  const { costs, roundTripMs, flushMs } = CLUSTER;
  const alone = { ...CLUSTER, instances: 1, commitDelayMs: 0 };
  const work = costs.batchMs + costs.rowMs + costs.callMs + roundTripMs + flushMs;
  const early = predict(alone, { callersEach: 1 }).p50Ms;
  const flush = predict({ ...alone, release: 'flush' }, { callersEach: 1 }).p50Ms;
  expect(flush).toBeCloseTo(work, 6);
  // The flush is a statement of its own, behind the batch, and the answer of the batch is read while it runs.
  expect(early).toBeGreaterThan(work - costs.batchMs / 2);
  expect(early).toBeLessThan(work + costs.flushMs + 1e-6);
});

test('if lanes are held across the flush, a cluster decides one batch per stripe and flush', () => {
  const early = predict(CLUSTER, { callersEach: 64 });
  const held = predict({ ...CLUSTER, release: 'flush' }, { callersEach: 64 });
  expect(held.batchesPerSecond).toBeLessThan((1000 / 3.1) * 2 * 1.05);
  expect(early.perSecond).toBeGreaterThan(3 * held.perSecond);
});

test('the batches of a busy instance grow, and those of an idle one have one row', () => {
  const rows = (perSecond: number) => predict({ ...CLUSTER, instances: 1 }, random(perSecond)).rowsPerBatch;
  expect(rows(20)).toBeLessThan(1.1);
  expect(rows(20_000)).toBeGreaterThan(4);
  expect(rows(60_000)).toBeGreaterThan(2 * rows(20_000));
});

test('more cores help only as far as stripes use them', () => {
  const rate = (cores: number, stripes: number) =>
    predict(
      { ...CLUSTER, sharedCores: false, commitDelayMs: 0, instances: 8, cores, stripes },
      { callersEach: 512 },
      { seconds: 0.2 },
    ).perSecond;
  expect(rate(8, 2)).toBeLessThan(1.2 * rate(2, 2));
  expect(rate(8, 8)).toBeGreaterThan(1.5 * rate(8, 2));
});

test('an overloaded deployment is reported by the calls over the budget', () => {
  expect(predict(QUEUE, random(500)).overBudget).toBe(0);
  expect(predict(QUEUE, random(2_000)).overBudget).toBeGreaterThan(0.5);
});

test('equal seeds give equal predictions', () => {
  const one = predict(CLUSTER, random(8_000), { seconds: 0.3 });
  expect(predict(CLUSTER, random(8_000), { seconds: 0.3 })).toEqual(one);
  expect(predict(CLUSTER, random(8_000), { seconds: 0.3, seed: 2 })).not.toEqual(one);
});
