import { queryOnce } from '../lab/server.js';
import { type Experiment, openWorld, outcomeOf, readTotals, wait } from './experiment.js';
import { copyOf, REPLICATED, through, untilCaughtUp } from './standby.js';

/** Makes a commit that does not wait for the standby different from one that does. */
const REPLICATION_LATENCY_MS = 40;

/** `prepare` is SQL for the new database, by which a test breaks the product. */
export const synchronousStandbyWith = ({ prepare = '' } = {}): Experiment => ({
  name: 'synchronous-standby',
  what: 'A synchronous standby, 40 ms away, is promoted after its primary was stopped immediately and is lost',
  seconds: 8,
  async run(setting) {
    const { lab } = setting;
    const primary = await lab.server({ settings: REPLICATED });
    const replication = await lab.proxy(primary.url);
    const copy = await copyOf(primary, { setting, url: replication.through(primary.url) });
    const clients = await lab.proxy(primary.url);
    const world = await openWorld(setting, {
      server: primary,
      urlOf: (url) => clients.through(url),
      limiter: { budgetMs: 1_000 },
      prepare,
    });
    await untilCaughtUp(primary);
    replication.set({ kind: 'latency', ms: REPLICATION_LATENCY_MS });
    await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await primary.query('SELECT pg_reload_conf()');
    await world.fleet.start();
    await wait(setting.seconds / 2);
    await primary.stopImmediate();
    await queryOnce(copy.url, 'SELECT pg_promote(true)');
    clients.retarget(copy.url);
    await wait(setting.seconds / 2);
    await world.fleet.finish();
    const newUrl = through(world.url, copy.port);
    const [promoted] = await queryOnce<{ up: number }>(copy.url, 'SELECT (NOT pg_is_in_recovery())::int AS up');
    return {
      ...(await outcomeOf({ ...world, totals: () => readTotals(newUrl) })),
      crashed: true,
      faults: { 'bytes of replication delayed': replication.seen.slowed, promotions: promoted?.up ?? 0 },
    };
  },
});

export const synchronousStandby = synchronousStandbyWith();
