import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { beforeAcquire, RESTORE_ACQUIRE } from './wrapped-acquire.js';

const BUDGET_MS = 800;
/**
 * Longest delay of a statement, as a part of the budget. A statement is cancelled at about half the budget, and a call
 * may wait for the batch before its own.
 */
const SLOWEST = 0.6;

export const brink: Experiment = {
  name: 'brink',
  what: 'Statements take about as long as a call may wait, so some are in time and some too late: many short outages in a minute',
  seconds: 9,
  async run(setting) {
    const world = await openWorld(setting, {
      prepare: beforeAcquire(`PERFORM pg_sleep(random() * ${(SLOWEST * BUDGET_MS) / 1000});`),
      limiter: { budgetMs: BUDGET_MS },
      load: { accounts: 4, bots: 1 },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.query(RESTORE_ACQUIRE);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls, statements } = outcome.history;
    return {
      ...outcome,
      faults: {
        'calls decided without the database': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
        'debits sent': statements.filter(({ debit, answer }) => debit && answer?.outcome === 'answered').length,
      },
    };
  },
};
