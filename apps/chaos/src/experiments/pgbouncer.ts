import { startPgBouncer } from '@rollgate/testing';
import { ensurePgBouncer } from '../lab/packages.js';
import { countOf, type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const POOL_SIZE = 4;

export const pgBouncer: Experiment = {
  name: 'pgbouncer',
  what: `Three instances share ${POOL_SIZE} server connections of a PgBouncer in transaction mode, which is killed once and restarted`,
  seconds: 8,
  async run(setting) {
    const server = await setting.lab.shared();
    const { lab } = setting;
    const bouncer = await startPgBouncer({
      url: server.url,
      program: ensurePgBouncer(lab.progress),
      folder: lab.makeFolder('pgbouncer'),
      poolSize: POOL_SIZE,
    });
    lab.atEnd(() => bouncer.stop());
    const world = await openWorld(setting, {
      urlOf: bouncer.through,
      limiter: { budgetMs: 600, pooled: true },
    });
    await world.fleet.start();
    await wait(setting.seconds / 2);
    const pooled = await world.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await bouncer.kill();
    await wait(0.5);
    await bouncer.run();
    await wait(setting.seconds / 2);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    return {
      ...outcome,
      faults: {
        'logins at PgBouncer': countOf(bouncer.log(), /login attempt/g),
        'times PgBouncer was killed': 1,
      },
      claims: [
        {
          what: `at most ${POOL_SIZE} server connections (${pooled[0]?.n})`,
          holds: (pooled[0]?.n ?? 0) <= POOL_SIZE,
        },
        {
          what: 'the database decided most calls',
          holds: calls.filter(({ mode }) => mode === 'enforced').length > calls.length / 2,
        },
      ],
    };
  },
};
