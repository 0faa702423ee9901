import { type History, machineMs } from '../history/record.js';
import { type Experiment, outcomeOf, wait } from './experiment.js';
import { openReplicated } from './replicated-world.js';

export const standby: Experiment = {
  name: 'standby',
  what: 'An asynchronous standby is promoted after its replication was cut off; units allowed since then may be lost, and allowed a second time',
  seconds: 8,
  async run(setting) {
    const { replication, world, failOver } = await openReplicated(setting, { limiter: { budgetMs: 300 } });
    await world.fleet.start();
    await wait(setting.seconds / 3);
    const streamed = replication.seen.passed;
    const severedAt = machineMs();
    replication.set({ kind: 'black-hole' });
    await wait(setting.seconds / 3);
    const promoted = await failOver();
    await wait(setting.seconds / 3);
    await world.fleet.finish();
    const outcome = await outcomeOf(promoted.world);
    const atRisk = unitsAllowedSince(outcome.history, severedAt);
    return {
      ...outcome,
      mayLose: atRisk,
      faults: {
        'bytes replicated': streamed,
        'bytes of replication lost': replication.seen.held,
        'units at risk': atRisk,
        promotions: await promoted.count(),
      },
      notes: ['a failover loses at most the units that were allowed during the replication lag'],
    };
  },
};

function unitsAllowedSince({ statements }: History, since: number): number {
  // Data that was sent shortly before may have been lost as well.
  return statements
    .filter(({ answer }) => answer !== undefined && answer.at > since - 500)
    .reduce(
      (sum, { costs, answer }) =>
        sum + (answer?.granted ?? []).reduce((units, n, i) => units + n * (costs[i] as number), 0),
      0,
    );
}
