/** Random traffic of mixed costs through the whole limiter: answers from memory agree with a log of every unit. */
import { expect, test } from '@jest/globals';
import { Catalogue } from '@rollgate/contract';
import fc from 'fast-check';
import { DenialMemory } from '../src/call/denial-memory.js';
import { createLimiter } from '../src/create-limiter.js';
import { MemoryStore } from '../src/store/memory-store.js';
import { ReferenceLog } from './reference.js';

const START_MS = Date.UTC(2026, 0, 1);

/** Clock steps in ms: small, large, on and beside the edges of both windows, and backward. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2500 }) },
  { weight: 3, arbitrary: fc.constantFrom(29_000, 58_000, 59_000, 60_000, 61_000, 62_000, 119_000, 121_000) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1_799_000, 3_540_000, 3_541_000, 3_599_000, 3_600_000, 3_601_000, 3_661_000),
  },
  { weight: 1, arbitrary: fc.constantFrom(-1, -1000, -61_000, -3_600_000) },
);
const calls = fc.array(fc.record({ step, cost: fc.integer({ min: 1, max: 4 }) }), { minLength: 5, maxLength: 40 });
/** The limits include 0 and values below the largest cost, for which retrying does not help. */
const limits = fc.record({ perMinute: fc.integer({ min: 0, max: 9 }), perHour: fc.integer({ min: 0, max: 25 }) });

test('a denial names the window that denies, from memory as well as from the store, and the hour if both deny', async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.nat({ max: 7_200_000 }), calls, async (limits, offset, calls) => {
      let nowMs = START_MS + offset;
      const clock = (): number => nowMs;
      const limiter = createLimiter({
        store: new MemoryStore({ clock }),
        catalogue: new Catalogue([
          { id: 'g', title: 'G', level: ['account'], limits, apis: [{ id: 'a', title: 'A' }] },
        ]),
        denials: new DenialMemory({ maxSubjects: 1, now: clock }),
      });
      const log = new ReferenceLog();
      const answers: unknown[] = [];
      const expected: unknown[] = [];
      for (const { step, cost } of calls) {
        nowMs += step;
        const { allowed, deniedBy } = await limiter.acquire({ account: 'acme', api: 'a', cost });
        const { granted, hourUsed } = log.acquire({ at: Math.floor(nowMs / 1000), cost, calls: 1, ...limits });
        const blamed = hourUsed + cost > limits.perHour ? 'hour' : 'minute';
        answers.push({ nowMs, allowed, deniedBy });
        expected.push({ nowMs, allowed: granted === 1, deniedBy: granted === 1 ? null : blamed });
      }
      expect(answers).toEqual(expected);
    }),
    { numRuns: 8000 },
  );
}, 60_000);
