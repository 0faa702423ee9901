import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { beforeAcquire, RESTORE_ACQUIRE } from './wrapped-acquire.js';

export const poolExhausted: Experiment = {
  name: 'pool-exhausted',
  what: 'Eight stripes of an instance share two connections, one of which is for flushes, and each statement takes 150 ms longer',
  seconds: 7,
  async run(setting) {
    const world = await openWorld(setting, {
      prepare: beforeAcquire('PERFORM pg_sleep(0.15);'),
      limiter: { budgetMs: 300, stripes: 8, connections: 1 },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.query(RESTORE_ACQUIRE);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    // Batches queue for a connection. The calls whose budget ends in the queue are decided without the database.
    const late = outcome.history.calls.filter(({ mode, error }) => mode?.startsWith('fallback') || error !== null);
    return { ...outcome, faults: { 'calls whose budget ended in the queue': late.length } };
  },
};
