import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { beforeAcquire, RESTORE_ACQUIRE } from './wrapped-acquire.js';

export const poolExhausted: Experiment = {
  name: 'pool-exhausted',
  what: 'Eight stripes of an instance share one connection, and each statement takes 40 ms longer',
  seconds: 7,
  async run(setting) {
    const world = await openWorld(setting, {
      prepare: beforeAcquire('PERFORM pg_sleep(0.04);'),
      limiter: { budgetMs: 300, stripes: 8, connections: 1 },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.query(RESTORE_ACQUIRE);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const refused = outcome.history.mishaps.filter(({ what }) => /no connection to the database was free/.test(what));
    return { ...outcome, faults: { 'times no connection was free': refused.length } };
  },
};
