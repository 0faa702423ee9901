import { expect, test } from '@jest/globals';
import { type Deployment, simulate } from './simulation.js';

/** As fitted to a run of the benchmark on two cores, with a flush of 0.12 ms. */
const TWO_CORES: Omit<Deployment, 'instances' | 'commitDelayMs' | 'release'> = {
  stripes: 2,
  batchesInFlight: 2,
  maxItems: 1_000,
  roundTripMs: 0.1,
  flushMs: 0.121,
  cores: 2,
  sharedCores: true,
  subjects: 10_000,
  accounts: 1_000,
  costs: { batchMs: 0.258, rowMs: 0.0065, callMs: 0.0061, flushMs: 0.0246, crowdedMs: 0.698, pauseMs: 2.05 },
};

/**
 * Clusters that were measured on that machine: 8,000 calls/s in all, an open loop, flushes 3 ms longer. The p99 of a single instance,
 * 12.6 ms, is predicted as 8.9 ms: what else the machine does is not simulated.
 */
test.each([
  { instances: 4, release: 'flush', p50Ms: 25, p99Ms: 51 },
  { instances: 8, release: 'flush', p50Ms: 58, p99Ms: 156 },
  { instances: 8, release: 'early', p50Ms: 17, p99Ms: 47 },
] as const)('a prediction is within 30 %% of what was measured: %j', ({ instances, release, p50Ms, p99Ms }) => {
  const predicted = simulate({
    deployment: { ...TWO_CORES, instances, release, commitDelayMs: 3 },
    load: { perSecond: 8_000, arrivals: 'even' },
    warmUpSeconds: 0.3,
    seconds: 2,
    seed: 1,
  });
  for (const ratio of [predicted.p50Ms / p50Ms, predicted.p99Ms / p99Ms]) {
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.3);
  }
});
