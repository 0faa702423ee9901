import { expect, test } from '@jest/globals';
import type { Contender } from '../contenders/contender.js';
import { openLoop } from './open-loop.js';
import { createTraffic } from './traffic.js';

function counted() {
  const calls: string[] = [];
  const contender: Contender = {
    open: async () => undefined,
    decide: async (account, subject) => calls.push(`${account}/${subject}`) > 0,
    close: async () => undefined,
  };
  return { calls, contender };
}

test('calls due in the warm-up are made but not timed', async () => {
  const { calls, contender } = counted();
  const traffic = createTraffic({ distribution: 'uniform', subjects: 10 });
  const latencies = await openLoop({ contender, traffic, perSecond: 1_000, warmUpSeconds: 0.05, seconds: 0.1 });
  expect(calls).toHaveLength(150);
  expect(latencies.values()).toHaveLength(100);
});

test('a rate with less than one call in the whole run has one timed call', async () => {
  const { calls, contender } = counted();
  const traffic = createTraffic({ distribution: 'uniform', subjects: 10 });
  const latencies = await openLoop({ contender, traffic, perSecond: 0.5, warmUpSeconds: 0.05, seconds: 0.1 });
  expect(calls).toHaveLength(1);
  expect(latencies.values()).toHaveLength(1);
});

test('a latency includes the time by which a call was made late', async () => {
  const { calls, contender } = counted();
  const traffic = createTraffic({ distribution: 'uniform', subjects: 10 });
  let stalledMs = 0;
  const stalling: Contender = {
    ...contender,
    async decide(account, subject) {
      if (calls.length === 0) {
        const startedAt = performance.now();
        while (performance.now() < startedAt + 60);
        stalledMs = performance.now() - startedAt;
      }
      return await contender.decide(account, subject);
    },
  };
  const latencies = await openLoop({ contender: stalling, traffic, perSecond: 1_000, seconds: 0.1 });
  // The calls due during the stall wait for its rest, so together they wait for about half of it each.
  const waited = [...latencies.values()].filter((ms) => ms > stalledMs / 2);
  expect(waited.length).toBeGreaterThanOrEqual(Math.floor(stalledMs / 2) - 1);
});
