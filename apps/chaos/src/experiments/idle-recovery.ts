import { behindProxy } from './behind-proxy.js';
import { type Experiment, outcomeOf, wait } from './experiment.js';

/** A circuit breaker is probed at least every two seconds, and the instance reports its state within a second. */
const RECOVERED_WITHIN_S = 5;

export const idleRecovery: Experiment = {
  name: 'idle-recovery',
  what: 'The database becomes unreachable under load and reachable again while no calls are made, twice; every instance notices',
  seconds: 16,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 500 });
    const states: string[] = [];
    const modes = async () =>
      (await world.query<{ mode: string }>('SELECT mode FROM rollgate.instance')).map(({ mode }) => mode);
    await world.fleet.start();
    await wait(2);
    proxy.set({ kind: 'reset' });
    await wait(2);
    world.fleet.pause();
    await wait(1);
    const pausedAt = world.history().calls.length;
    for (let outage = 0; outage < 2; outage++) {
      proxy.set({ kind: 'reset' });
      await wait(0.5);
      proxy.set({ kind: 'pass' });
      await wait(RECOVERED_WITHIN_S);
      states.push(...(await modes()));
    }
    const callsDuringRecovery = world.history().calls.length - pausedAt;
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    return {
      ...outcome,
      faults: {
        'connections reset': proxy.seen.reset,
        'calls decided without the database': outcome.history.calls.filter(({ mode }) => mode?.startsWith('fallback'))
          .length,
        'states read': states.length,
      },
      claims: [
        { what: 'no call was made during the recovery', holds: callsDuringRecovery === 0 },
        { what: 'every instance reports normal without calls', holds: states.every((mode) => mode === 'normal') },
      ],
    };
  },
};
