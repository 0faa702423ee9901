import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from '../instance/job.js';
import { denialsOnRecord, type Experiment, INSTANCES, openWorld, outcomeOf, type World } from './experiment.js';
import { fastClock, runFast } from './fast-clock.js';

const SPEED = 16;
const SECONDS_BEFORE = 40;
/** Time on the database's clock from the end of a burst to the next one: at most twelve bursts in 61 seconds. */
const BURST_EVERY_MS = 5_200;
const CALLS_OF_BOTS = [5, 3, 1, 4, 2];
const BURSTS_OF_A_MINUTE = 12;
/** Exactly what the bot with the most calls uses, on all instances together. */
const LIMITS = { perMinute: INSTANCES * BURSTS_OF_A_MINUTE * Math.max(...CALLS_OF_BOTS), perHour: 18_000 };
const LOAD: Partial<Load> = { accounts: 1, mixed: { everyMs: BURST_EVERY_MS / SPEED, callsOfBots: CALLS_OF_BOTS } };

const FILL = `
  INSERT INTO rollgate.counter (lane, subject, minute, total, secs, sums, prev_start, hour_start)
  SELECT i % 64, 'filler/' || i, 29453760 + i % 2, 1, '{0}', '{1}', 0, 0 FROM generate_series(1, 3000) i`;
const EMPTY = `DELETE FROM rollgate.counter WHERE subject LIKE 'filler/%'`;
/** A table that grows, shrinks and is analyzed in between: each step may change the plan of the decision. */
const STEPS = ['ANALYZE rollgate.counter', FILL, 'ANALYZE rollgate.counter', EMPTY, 'VACUUM ANALYZE rollgate.counter'];
const STEP_EVERY_MS = 300;

/** `prepare`: more SQL, for a mutant. */
export function mixedMergedCallsWith({ prepare = '' } = {}): Experiment {
  return {
    name: 'mixed-merged-calls',
    what: 'five bots of one account call in mixed bursts, within their limits, while the table is filled, emptied and analyzed: no call is denied (a clock that runs 16 times as fast; --seconds for a longer soak)',
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
      // At its end each instance makes one call that no limit can hold.
      const denied = calls.filter(({ allowed, cost }) => allowed === false && cost === 1);
      return {
        ...outcome,
        safe: { limits: LIMITS },
        faults: {
          'times the table was changed or analyzed': steps,
          'batches of several subjects': statements.filter(({ subjects }) => subjects.length > 1).length,
          'answers in another order than the batch': statements.filter(({ answer }) => answer?.inOrder === false)
            .length,
        },
        claims: [
          { what: `no call is denied${denied[0] ? `: ${JSON.stringify(denied[0])}` : ''}`, holds: denied.length === 0 },
          {
            what: 'no call is decided without the database, also because an answer could not be true',
            holds: calls.every(({ mode }) => mode === 'enforced'),
          },
          {
            what: 'no denial is on record but that of the last calls',
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
