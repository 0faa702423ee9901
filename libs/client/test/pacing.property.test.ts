import { expect, test } from '@jest/globals';
import { TestTimers } from '@rollgate/testing';
import fc from 'fast-check';
import { createClient } from '../src/index.js';
import { LimitedApi } from './limited-api.js';

const windows = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 3 }))
  .map(([limit, seconds, factor]) => [
    { name: 'short', limit, seconds },
    { name: 'long', limit: limit * factor, seconds: seconds * (factor + 1) },
  ]);
const latencies = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 3000 })), {
  minLength: 1,
  maxLength: 20,
});
const calls = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 5000 }), priority: fc.integer({ min: 0, max: 3 }) }),
  { minLength: 1, maxLength: 40 },
);

/** The response that arrives last was decided first, and the unit that it announces is spent already. */
const STALE_RESET: [
  { name: string; limit: number; seconds: number }[],
  [number, number][],
  { afterMs: number; priority: number }[],
] = [
  [
    { name: 'short', limit: 2, seconds: 2 },
    { name: 'long', limit: 2, seconds: 4 },
  ],
  [
    [0, 1000],
    [0, 0],
  ],
  Array.from({ length: 5 }, () => ({ afterMs: 0, priority: 0 })),
];

/** Latencies in turn, so that a failing case can be repeated. */
function inTurn<T>(values: readonly T[]): () => T {
  let index = 0;
  return () => values[index++ % values.length] as T;
}

test.each([['even'], ['burst']] as const)(
  'never more calls are in flight than units remain, however long they take (%s)',
  async (pace) => {
    await fc.assert(
      fc.asyncProperty(windows, latencies, calls, async (limits, delays, plan) => {
        const timers = new TestTimers();
        const api = new LimitedApi({ timers, windows: limits, latencyMs: inTurn(delays) });
        const excess: string[] = [];
        const client = createClient({
          clock: timers,
          pace,
          random: () => 0.5,
          fetch: (request) => {
            if (api.undecided + 1 > api.remaining()) excess.push(`${api.undecided + 1} of ${api.remaining()}`);
            return api.fetch(request);
          },
        });
        const work = plan.map(async ({ afterMs, priority }, index) => {
          await timers.sleep(afterMs);
          return (await client.fetch(`http://api.test/${index}`, {}, { priority })).status;
        });
        const statuses = await timers.run(Promise.all(work));
        expect({ excess, denied: api.denied, statuses: [...new Set(statuses)] }).toEqual({
          excess: [],
          denied: 0,
          statuses: [200],
        });
      }),
      { numRuns: 300, examples: [STALE_RESET] },
    );
  },
);

test('of the calls that wait, the one with the highest priority is sent first, and of equal ones the oldest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 30 }), async (priorities) => {
      const timers = new TestTimers();
      const api = new LimitedApi({ timers, windows: [{ name: 'w', limit: 2, seconds: 5 }] });
      const client = createClient({ fetch: api.fetch, clock: timers });
      // Takes the first turn, so that all others wait.
      const first = client.fetch('http://api.test/', { method: 'POST', body: 'first' });
      const others = priorities.map((priority, index) =>
        client.fetch('http://api.test/', { method: 'POST', body: String(index) }, { priority }),
      );
      await timers.run(Promise.all([first, ...others]));
      const expected = priorities
        .map((priority, index) => ({ priority, index }))
        .sort((a, b) => b.priority - a.priority || a.index - b.index);
      expect(api.bodies).toEqual(['first', ...expected.map(({ index }) => String(index))]);
    }),
    { numRuns: 50 },
  );
});

test('no call starves: one of priority 0 is overtaken only by calls of priority p that come within p × priorityMs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 20 }),
      async (priority, everySeconds) => {
        const timers = new TestTimers();
        const api = new LimitedApi({ timers, windows: [{ name: 'w', limit: 1, seconds: 9 }] });
        const client = createClient({ fetch: api.fetch, clock: timers, priorityMs: 10_000 });
        const send = (body: string, own: number) =>
          client.fetch('http://api.test/', { method: 'POST', body }, { priority: own });
        const first = send('first', 0);
        const low = send('low', 0);
        // A call of a higher priority is always waiting.
        const sentMs: number[] = [];
        const startMs = timers.nowMs();
        const flood = Array.from({ length: 40 }, async (_, index) => {
          await timers.sleep(index * Math.min(everySeconds, 9) * 1000);
          sentMs[index] = timers.nowMs() - startMs;
          return await send(String(index), priority);
        });
        await timers.run(Promise.all([first, low, ...flood]));
        const before = api.bodies.slice(1, api.bodies.indexOf('low')).map((body) => Number(sentMs[Number(body)]));
        expect(before.every((ms) => ms <= priority * 10_000)).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});
