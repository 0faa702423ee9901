import { countOf, type Experiment, errorsIn, openWorld, outcomeOf, wait } from './experiment.js';

const STRIPES = [1, 2, 64];

export const overlap: Experiment = {
  name: 'overlap',
  what: 'Instances with 1, 2 and 64 stripes send batches with overlapping lanes; no deadlock may occur',
  seconds: 60,
  async run(setting) {
    const world = await openWorld(setting, {
      load: { accounts: 200, bots: 3, perSecond: 250 },
      limiter: (index) => ({ stripes: STRIPES[index] as number, connections: Math.min(8, STRIPES[index] as number) }),
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { statements } = outcome.history;
    const [row] = await world.query<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    const deadlocks = Number(row?.deadlocks) + countOf(world.server.log(), /deadlock detected/g);
    return {
      ...outcome,
      faults: {
        'batches of several subjects': statements.filter(({ subjects }) => subjects.length > 1).length,
        'batches sent while another was in flight': sentTogether(statements),
      },
      claims: [{ what: 'no deadlock (40P01)', holds: deadlocks === 0 && !('40P01' in errorsIn(outcome.history)) }],
    };
  },
};

/** Counts batches that were sent before an earlier one had its answer. */
function sentTogether(
  statements: readonly { readonly at: number; readonly answer: { readonly at: number } | undefined }[],
): number {
  let busyUntil = 0;
  let found = 0;
  for (const { at, answer } of [...statements].sort((a, b) => a.at - b.at)) {
    if (at < busyUntil) found++;
    busyUntil = Math.max(busyUntil, answer?.at ?? at);
  }
  return found;
}
