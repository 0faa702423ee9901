import { expect, test } from '@jest/globals';
import { TestTimers } from '@rollgate/testing';
import { createClient } from '../src/index.js';
import { LimitedApi, leastMs } from './limited-api.js';

const MINUTE = { name: 'minute', limit: 60, seconds: 60 };
const HOUR = { name: 'hour', limit: 1800, seconds: 3600 };

test.each([['even'], ['burst']] as const)('2,000 calls end without a denial in the least time (%s)', async (pace) => {
  const timers = new TestTimers();
  const api = new LimitedApi({ timers, windows: [MINUTE, HOUR] });
  const client = createClient({ fetch: api.fetch, clock: timers, pace });
  const startMs = timers.nowMs();
  const calls = Array.from({ length: 2000 }, (_, index) =>
    client.fetch(`http://api.test/bots/${index}`, { method: 'POST' }),
  );
  await timers.run(Promise.all(calls));
  expect(api.denied).toBe(0);
  const least = leastMs(2000, [MINUTE, HOUR]);
  expect((timers.nowMs() - startMs) / least).toBeLessThan(1.05);
});

/** As seen by one client, the others only make units disappear. */
test.each([[2], [3], [5]])('%i clients of one account are denied rarely, and wait each denial out', async (count) => {
  const timers = new TestTimers();
  const random = seededRandom(count);
  const latencyMs = () => [20 + random() * 60, 20 + random() * 60] as const;
  const api = new LimitedApi({ timers, windows: [MINUTE, HOUR], latencyMs });
  const startMs = timers.nowMs();
  const clients = Array.from({ length: count }, () => createClient({ fetch: api.fetch, clock: timers, random }));
  const calls = clients.flatMap((client) =>
    Array.from({ length: 1500 / count }, (_, index) =>
      client.fetch(`http://api.test/bots/${index}`, { method: 'POST' }),
    ),
  );
  const answers = await timers.run(Promise.all(calls));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(api.denied).toBeLessThan(answers.length * 0.02);
  expect((timers.nowMs() - startMs) / leastMs(answers.length, [MINUTE, HOUR])).toBeLessThan(1.3);
});

/** The same numbers in every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
