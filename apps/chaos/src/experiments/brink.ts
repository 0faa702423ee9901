import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';
import { beforeAcquire } from './wrapped-acquire.js';

const BUDGET_MS = 800;
/** Of the budget: a statement is cancelled at about half of it, and a call may have to wait for the batch before its own. */
const SLOWEST = 0.6;

export const brink: Experiment = {
  name: 'brink',
  what: 'statements take about as long as a call may: in time and too late by turns, many short outages in a minute',
  seconds: 9,
  async run(setting) {
    const world = await openWorld(setting, {
      prepare: beforeAcquire(`PERFORM pg_sleep(random() * ${(SLOWEST * BUDGET_MS) / 1000});`),
      limiter: { budgetMs: BUDGET_MS },
      load: { accounts: 4, bots: 1 },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.query('DROP FUNCTION rollgate.acquire; ALTER FUNCTION rollgate.acquire_in_truth RENAME TO acquire');
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls, statements } = outcome.history;
    return {
      ...outcome,
      faults: {
        'calls decided without it': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
        'debts told': statements.filter(({ debit, answer }) => debit && answer?.outcome === 'answered').length,
      },
    };
  },
};
