import { expect, test } from '@jest/globals';
import { seededRandom } from '../load/sampling.js';
import { Events } from './events.js';
import { type FlushTimes, Log } from './log.js';

/** When transactions that come at these times are on disk. */
function flushedAt(times: FlushTimes, arrivals: readonly number[]): { at: number[]; flushes: number } {
  const events = new Events();
  const log = new Log(events, times);
  const at: number[] = arrivals.map(() => Number.NaN);
  arrivals.forEach((ms, place) => {
    events.after(ms, () =>
      log.flush(() => {
        at[place] = events.now;
      }),
    );
  });
  events.run();
  return { at, flushes: log.flushes };
}

test('a transaction that comes during a flush waits for the next one, which all of them share', () => {
  expect(flushedAt({ flushMs: 4, delayMs: 0 }, [0, 1, 2, 3])).toEqual({ at: [4, 8, 8, 8], flushes: 2 });
});

test('a transaction that comes while a flush is delayed joins it', () => {
  expect(flushedAt({ flushMs: 1, delayMs: 3 }, [0, 1, 2.5, 3.5])).toEqual({ at: [4, 4, 4, 8], flushes: 2 });
});

test.each([
  ['a disk', { flushMs: 2, delayMs: 0 }, 3],
  ['a delay', { flushMs: 0, delayMs: 2 }, 1],
])('with many transactions, a flush of 2 ms on %s is waited for by a mean of %j', (_what, times, mean) => {
  const random = seededRandom(3);
  const arrivals = Array.from({ length: 20_000 }, () => random() * 2_000);
  const waits = flushedAt(times, arrivals).at.map((ms, place) => ms - (arrivals[place] as number));
  expect(waits.reduce((sum, ms) => sum + ms, 0) / waits.length / mean).toBeCloseTo(1, 1);
});
