import type { Load } from '../instance/job.js';
import { denialsOnRecord, type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { edgesIn, fastClock, runFast } from './fast-clock.js';

const SPEED = 16;
const SECONDS_BEFORE = 40;

const LIMITS = { perMinute: 100, perHour: 3_000 };
const LOAD: Partial<Load> = { accounts: 1, bots: 1, perSecond: 200 };

/** `prepare`: additional SQL, for a mutant. */
export function overloadWith({ prepare = '', limits = LIMITS, load = LOAD } = {}): Experiment {
  return {
    name: 'overload',
    what: 'Three instances send calls for one subject at many times its limit, across minute boundaries (the clock runs 16 times as fast)',
    seconds: 10,
    async run(setting) {
      const clock = fastClock(SPEED, SECONDS_BEFORE);
      const world = await openWorld(setting, {
        clock,
        limits,
        prepare: `${runFast(clock)}; ${prepare}`,
        load,
      });
      await world.fleet.start();
      const startedAt = performance.now();
      await wait(setting.seconds);
      const seconds = (performance.now() - startedAt) / 1000;
      await world.fleet.finish();
      const outcome = await outcomeOf(world);
      const denied = outcome.history.calls.filter(({ allowed }) => allowed === false).length;
      const recorded = await denialsOnRecord(world);
      return {
        ...outcome,
        safe: { limits },
        faults: { 'minute boundaries': edgesIn(clock, { seconds, secondsBefore: SECONDS_BEFORE }), denials: denied },
        claims: [{ what: `each denial is recorded (${recorded} of ${denied})`, holds: recorded === denied }],
      };
    },
  };
}

export const overload = overloadWith();
