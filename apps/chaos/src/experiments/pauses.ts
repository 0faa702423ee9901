/** Processes that are stopped for a while and then continue. */
import { stateOf } from '../lab/process-state.js';
import { countOf, type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

export const stoppedBackend: Experiment = {
  name: 'stopped-backend',
  what: 'A Postgres backend that decides calls is stopped with SIGSTOP for 2 s, twice; it may hold lanes',
  seconds: 8,
  async run(setting) {
    const world = await openWorld(setting, { limiter: { budgetMs: 300 } });
    await world.fleet.start();
    let stopped = 0;
    for (let i = 0; i < 2; i++) {
      await wait(setting.seconds / 8);
      const backends = await world.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'
         ORDER BY state = 'active' DESC, pid`,
      );
      const pid = backends[0]?.pid;
      if (pid === undefined) continue;
      process.kill(pid, 'SIGSTOP');
      try {
        await wait(2);
        stopped += countOf(stateOf(pid), /^T/g);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    }
    await wait(1.5);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const without = outcome.history.calls.filter(({ mode }) => mode?.startsWith('fallback')).length;
    return { ...outcome, faults: { 'backends stopped': stopped, 'calls decided without the database': without } };
  },
};

export const stoppedInstance: Experiment = {
  name: 'stopped-instance',
  what: 'One instance is stopped with SIGSTOP for 3 s',
  seconds: 7,
  async run(setting) {
    const world = await openWorld(setting, { limiter: { budgetMs: 300 } });
    await world.fleet.start();
    await wait(2);
    world.fleet.signal(1, 'SIGSTOP');
    await wait(3);
    const stopped = countOf(stateOf(world.fleet.pid(1)), /^T/g);
    world.fleet.signal(1, 'SIGCONT');
    await wait(setting.seconds - 5);
    await world.fleet.finish();
    return {
      ...(await outcomeOf(world)),
      faults: { 'instances stopped': stopped },
      notes: ['the longest calls are those of the stopped instance'],
    };
  },
};
