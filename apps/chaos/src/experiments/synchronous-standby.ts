import { type Experiment, outcomeOf, wait } from './experiment.js';
import { openReplicated } from './replicated-world.js';

/** Makes a commit that does not wait for the standby different from one that does. */
const REPLICATION_LATENCY_MS = 40;

/** `prepare` is SQL for the new database, by which a test breaks the product. */
export const synchronousStandbyWith = ({ prepare = '' } = {}): Experiment => ({
  name: 'synchronous-standby',
  what: 'A synchronous standby, 40 ms away, is promoted after its primary was stopped immediately and is lost',
  seconds: 8,
  async run(setting) {
    const { primary, replication, world, failOver } = await openReplicated(setting, {
      limiter: { budgetMs: 1_000 },
      prepare,
    });
    replication.set({ kind: 'latency', ms: REPLICATION_LATENCY_MS });
    await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await primary.query('SELECT pg_reload_conf()');
    await world.fleet.start();
    await wait(setting.seconds / 2);
    const promoted = await failOver();
    await wait(setting.seconds / 2);
    await world.fleet.finish();
    return {
      ...(await outcomeOf(promoted.world)),
      crashed: true,
      faults: { 'bytes of replication delayed': replication.seen.slowed, promotions: await promoted.count() },
    };
  },
});

export const synchronousStandby = synchronousStandbyWith();
