import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UsedSeconds } from './used-seconds.js';

const START = 1_800_000_000;
const LENGTHS = { minute: 60, hour: 3_600 } as const;
const WINDOWS = ['minute', 'hour'] as const;

/** Adds everything up for each question. */
class PlainSeconds {
  readonly #units = new Map<number, number>();

  used(window: 'minute' | 'hour', now: number): number {
    return this.inWindow(window, now).reduce((sum, { units }) => sum + units, 0);
  }

  inWindow(window: 'minute' | 'hour', now: number): { second: number; units: number }[] {
    return [...this.#units]
      .filter(([second, units]) => second >= now - LENGTHS[window] && units > 0)
      .map(([second, units]) => ({ second, units }));
  }

  add(second: number, units: number): void {
    this.#units.set(second, (this.#units.get(second) ?? 0) + units);
  }

  takeBack(second: number, units: number): void {
    this.#units.set(second, Math.max(0, (this.#units.get(second) ?? 0) - units));
  }
}

const STEPS = fc.array(
  fc.record({
    kind: fc.constantFrom('add' as const, 'look' as const, 'take back' as const),
    seconds: fc.oneof(fc.nat(2), fc.nat(90), fc.nat(4_000)),
    units: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 200 },
);

test('the sums that follow the clock are those that adding everything up gives', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const [seconds, plain] = [new UsedSeconds(), new PlainSeconds()];
      let newest = START;
      for (const { kind, seconds: step, units } of steps) {
        const now = newest + step;
        for (const window of WINDOWS) {
          expect(seconds.used(window, now)).toBe(plain.used(window, now));
          expect(seconds.inWindow(window, now)).toEqual(plain.inWindow(window, now));
          expect(seconds.oldest(window, now)).toEqual(plain.inWindow(window, now)[0]);
        }
        // A look moves the windows ahead. The next step begins at the newest second again: the clock went back.
        if (kind === 'add') {
          newest = now;
          seconds.add(now, units);
          plain.add(now, units);
        } else if (kind === 'take back') {
          seconds.takeBack(newest - step, units);
          if (step <= LENGTHS.hour) plain.takeBack(newest - step, units);
        }
      }
    }),
  );
});

test('seconds that have left the hour are removed', () => {
  const seconds = new UsedSeconds();
  for (let second = START; second < START + 20_000; second++) seconds.add(second, 1);
  expect(seconds.used('hour', START + 19_999)).toBe(3_601);
  expect(seconds.takeBack(START, 1)).toBe(0);
});

test('a cost above the limit never fits, and one that fits needs no wait', () => {
  const seconds = new UsedSeconds();
  seconds.add(START, 4);
  expect(seconds.fitsAt('minute', { now: START, cost: 6, limit: 5 })).toBeNull();
  expect(seconds.fitsAt('minute', { now: START, cost: 1, limit: 5 })).toBe(START);
  expect(seconds.fitsAt('minute', { now: START, cost: 2, limit: 5 })).toBe(START + 61);
});
