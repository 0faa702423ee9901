import { expect, test } from '@jest/globals';
import { builtInCatalogue } from '@rollgate/contract';
import fc from 'fast-check';
import { EventBook } from './event-book.js';
import type { CountedCall, CountedOutcome, LimitEvent } from './limit-event.js';

const entries = builtInCatalogue.entries().slice(0, 2);

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
      for (const { account, bot, api, cost, hour, shadow, afterMs, take } of calls) {
        nowMs += afterMs;
        const entry = entries[api] as CountedCall['entry'];
        const counted: CountedCall = {
          entry,
          key: `acc${account}/${entry.id}/bot=${bot}`,
          limits: entry.limits,
          source: 'default',
          mode: shadow ? 'shadow' : 'enforced',
          cost,
          request: {},
        };
        const outcome: CountedOutcome = {
          window: hour ? 'hour' : 'minute',
          used: 1,
          nowMs,
          retryMs: null,
          policyVersion: 1,
        };
        const event = book.eventOf(counted, outcome);
        expect(nowMs).toBeLessThan(event.endMs);
        expect(event).toMatchObject({
          entry,
          cost,
          window: outcome.window,
          mode: counted.mode,
          key: counted.key,
          merged: 0,
        });
        expect(Math.floor(event.firstMs / 1000)).toBe(Math.floor(nowMs / 1000));
        event.count += 1;
        event.units += cost;
        units += cost;
        expect(book.size).toBeLessThanOrEqual(Math.max(maxRows, Math.ceil(least / 0.75)));
        for (const one of take === 0 ? book.take({ nowMs, most: 5 }) : []) {
          taken.push(one);
          frozen.set(one, one.count);
        }
      }
      for (const [event, count] of frozen) expect(event.count).toBe(count);
      taken.push(...book.take({ nowMs: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY }));
      expect(new Set(taken).size).toBe(taken.length);
      expect(taken.reduce((sum, { count }) => sum + count, 0)).toBe(calls.length);
      expect(taken.reduce((sum, event) => sum + event.units, 0)).toBe(units);
    }),
    { numRuns: 200 },
  );
});
