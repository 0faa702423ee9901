import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from '../instance/job.js';
import { denialsOnRecord, type Experiment, INSTANCES, openWorld, outcomeOf, type World } from './experiment.js';
import { fastClock, runFast } from './fast-clock.js';

const SPEED = 16;
const SECONDS_BEFORE = 40;
/** Time from the end of a burst to the next one, on the database's clock. There are at most twelve bursts in 61 seconds. */
const BURST_EVERY_MS = 5_200;
const CALLS_OF_BOTS = [5, 3, 1, 4, 2];
const BURSTS_OF_A_MINUTE = 12;
/** Exactly what the bot with the most calls uses on all instances together. */
const LIMITS = { perMinute: INSTANCES * BURSTS_OF_A_MINUTE * Math.max(...CALLS_OF_BOTS), perHour: 18_000 };
const LOAD: Partial<Load> = { accounts: 1, mixed: { everyMs: BURST_EVERY_MS / SPEED, callsOfBots: CALLS_OF_BOTS } };

const FILL = `
  INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
  SELECT i % 64, 'filler/' || i, 29453760 + i % 2, 1, '{0}', '{1}', 0, 0 FROM generate_series(1, 3000) i`;
const EMPTY = `DELETE FROM rollgate.counter WHERE subject LIKE 'filler/%'`;
/** The table grows, shrinks and is analyzed. Each step may change the plan of the decision. */
const STEPS = ['ANALYZE rollgate.counter', FILL, 'ANALYZE rollgate.counter', EMPTY, 'VACUUM ANALYZE rollgate.counter'];
const STEP_EVERY_MS = 300;

/** `prepare`: additional SQL, for a mutant. */
export function mixedMergedCallsWith({ prepare = '' } = {}): Experiment {
  return {
    name: 'mixed-merged-calls',
    what: 'Five bots of one account send mixed bursts within their limits while the table is filled, emptied and analyzed; no call may be denied (the clock runs 16 times as fast; use a longer --seconds for a soak test)',
    seconds: 15,
    async run(setting) {
      const clock = fastClock(SPEED, SECONDS_BEFORE);
      const world = await openWorld(setting, {
        clock,
        limits: LIMITS,
        load: LOAD,
        limiter: { budgetMs: 10_000 },
        prepare: `${runFast(clock)}; ${prepare}`,
      });
      await world.fleet.start();
      const steps = await changePlans(world, setting.seconds);
      await world.fleet.finish();
      await world.query(EMPTY);
      const outcome = await outcomeOf(world);
      const { calls, statements } = outcome.history;
      // At the end each instance makes calls with a cost above any limit.
      const denied = calls.filter(({ allowed, cost }) => allowed === false && cost === 1);
      return {
        ...outcome,
        safe: { limits: LIMITS },
        faults: {
          'times the table was changed or analyzed': steps,
          'batches of several subjects': statements.filter(({ subjects }) => subjects.length > 1).length,
          'answers in a different order than the batch': statements.filter(({ answer }) => answer?.inOrder === false)
            .length,
        },
        claims: [
          {
            what: `no call was denied${denied[0] ? `: ${JSON.stringify(denied[0])}` : ''}`,
            holds: denied.length === 0,
          },
          {
            what: 'no call was decided without the database, not even because an answer was implausible',
            holds: calls.every(({ mode }) => mode === 'enforced'),
          },
          {
            what: 'only the denials of the last calls are recorded',
            holds: (await denialsOnRecord(world)) <= INSTANCES,
          },
        ],
      };
    },
  };
}

/** Resolves to the number of steps. */
async function changePlans({ query }: World, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let steps = 0;
  for (; performance.now() < until; steps++) {
    await query(STEPS[steps % STEPS.length] as string);
    await sleep(STEP_EVERY_MS);
  }
  return steps;
}

export const mixedMergedCalls = mixedMergedCallsWith();
