import { expect, test } from '@jest/globals';
import { seededRandom } from '../load/sampling.js';
import { Events } from './events.js';
import { Processors } from './processors.js';

/** When each of these jobs ends, all begun at 0. */
function ends(cores: number, works: readonly number[]): number[] {
  const events = new Events();
  const processors = new Processors(events, cores);
  const found: number[] = works.map(() => Number.NaN);
  works.forEach((workMs, place) => {
    processors.run({ ms: workMs }, () => {
      found[place] = Number(events.now.toFixed(6));
    });
  });
  events.run();
  expect(processors.busyMs).toBeCloseTo(works.reduce((sum, workMs) => sum + workMs, 0));
  return found;
}

test.each([
  ['a program alone has a whole core', 4, [3], [3]],
  ['as many programs as cores do not slow each other', 2, [1, 2], [1, 2]],
  ['two programs on a core take twice as long', 1, [1, 1], [2, 2]],
  ['a short program leaves the core to the long one', 1, [1, 3], [2, 4]],
  ['three equal programs on two cores', 2, [2, 2, 2], [3, 3, 3]],
  ['no work takes no time', 1, [0, 1], [0, 1]],
])('%s', (_what, cores, works, expected) => {
  expect(ends(cores, works)).toEqual(expected);
});

/** The mean time that random jobs of 1 ms spend on one shared core is 1 / (1 - load), whatever the distribution of their work. */
test.each([0.3, 0.6, 0.8])('the mean time of M/D/1 with a shared core, at a load of %f', (load) => {
  const events = new Events();
  const processors = new Processors(events, 1);
  const random = seededRandom(7);
  let sum = 0;
  let jobs = 0;
  const arrive = (): void => {
    const arrivedAt = events.now;
    processors.run({ ms: 1 }, () => {
      sum += events.now - arrivedAt;
      jobs++;
    });
    if (jobs < 100_000) events.after(-Math.log(1 - random()) / load, arrive);
  };
  arrive();
  events.run();
  expect(sum / jobs / (1 / (1 - load))).toBeCloseTo(1, 1);
});

test('a program that finds all cores busy needs more time', () => {
  const events = new Events();
  const processors = new Processors(events, 1);
  const ended: number[] = [];
  const run = (ms: number) => processors.run({ ms, crowdedMs: 0.5 }, () => ended.push(events.now));
  run(1);
  run(1);
  events.after(5, () => run(1));
  events.run();
  // The first one has half of the core for 2 ms, and the second one the rest of it.
  expect(ended).toEqual([2, 2.5, 6]);
});
