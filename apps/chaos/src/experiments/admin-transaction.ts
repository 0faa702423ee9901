import { connectTo } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

export const adminTransaction: Experiment = {
  name: 'admin-transaction',
  what: 'An administrator leaves a REPEATABLE READ transaction open and idle, so old row versions accumulate',
  seconds: 8,
  async run(setting) {
    const world = await openWorld(setting);
    const admin = await connectTo(world.url);
    setting.lab.atEnd(() => admin.end());
    await world.fleet.start();
    await wait(0.5);
    await admin.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM rollgate.counter');
    await wait(setting.seconds);
    const [idle] = await world.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xmin IS NOT NULL`,
    );
    const [held] = await world.query<{ n: string }>(
      `SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE schemaname = 'rollgate' AND relname = 'counter'`,
    );
    await admin.query('COMMIT');
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    return {
      ...outcome,
      faults: { 'idle transactions with a snapshot': idle?.n ?? 0 },
      claims: [
        {
          what: 'no instance decided without the database',
          holds: outcome.history.calls.every(({ mode }) => !mode?.startsWith('fallback')),
        },
      ],
      notes: [`${held?.n ?? 0} old row versions at the end of the transaction`],
    };
  },
};
