import { expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import fc from 'fast-check';
import { EventBook } from './event-book.js';
import type { CountedCall, CountedOutcome, LimitEvent } from './limit-event.js';

const entries = sampleCatalogue.entries().slice(0, 2);

const call = fc.record({
  account: fc.integer({ min: 0, max: 3 }),
  bot: fc.integer({ min: 0, max: 20 }),
  api: fc.integer({ min: 0, max: 1 }),
  cost: fc.integer({ min: 1, max: 2 }),
  hour: fc.boolean(),
  shadow: fc.boolean(),
  afterMs: fc.constantFrom(0, 10, 700, 61_000, -30),
  take: fc.integer({ min: 0, max: 30 }),
});

type RandomCall = typeof call extends fc.Arbitrary<infer One> ? One : never;

/** Counts one call in the book, and checks the event that it is counted in. */
function count(book: EventBook, { account, bot, api, cost, hour, shadow }: RandomCall, nowMs: number): void {
  const entry = entries[api] as CountedCall['entry'];
  const mode = shadow ? 'shadow' : 'enforced';
  const key = `acc${account}/${entry.id}/bot=${bot}`;
  const counted: CountedCall = { entry, key, limits: entry.limits, source: 'default', mode, cost, request: {} };
  const window = hour ? 'hour' : 'minute';
  const outcome: CountedOutcome = { window, used: 1, nowMs, retryMs: null, policyVersion: 1 };
  const event = book.eventOf(counted, outcome);
  expect(nowMs).toBeLessThan(event.endMs);
  expect(event).toMatchObject({ entry, cost, window, mode, key, merged: 0 });
  expect(Math.floor(event.firstMs / 1000)).toBe(Math.floor(nowMs / 1000));
  event.count += 1;
  event.units += cost;
}

test('every call stays counted once and memory is bounded, whatever events are merged or taken', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (calls, maxRows) => {
      const book = new EventBook({ maxRows });
      const taken: LimitEvent[] = [];
      const frozen = new Map<LimitEvent, number>();
      let nowMs = 1_000_000;
      let units = 0;
      // The fewest events possible: those of two APIs, two windows and two modes can't be merged further.
      const least = entries.length * 2 * 2;
      for (const one of calls) {
        nowMs += one.afterMs;
        units += one.cost;
        count(book, one, nowMs);
        expect(book.size).toBeLessThanOrEqual(Math.max(maxRows, Math.ceil(least / 0.75)));
        for (const event of one.take === 0 ? book.take({ nowMs, most: 5 }) : []) {
          taken.push(event);
          frozen.set(event, event.count);
        }
      }
      for (const [event, calls] of frozen) expect(event.count).toBe(calls);
      taken.push(...book.take({ nowMs: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY }));
      expect(new Set(taken).size).toBe(taken.length);
      expect(taken.reduce((sum, event) => sum + event.count, 0)).toBe(calls.length);
      expect(taken.reduce((sum, event) => sum + event.units, 0)).toBe(units);
    }),
    { numRuns: 200 },
  );
});
