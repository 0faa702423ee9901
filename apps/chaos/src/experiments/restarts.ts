import { behindProxy } from './behind-proxy.js';
import { type Experiment, INSTANCES, outcomeOf, wait } from './experiment.js';

export const restarts: Experiment = {
  name: 'restarts',
  what: 'Instances are killed and restarted repeatedly while the database is unreachable; a new instance decides nothing',
  seconds: 14,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 500 });
    await world.fleet.start();
    await wait(2);
    proxy.set({ kind: 'reset' });
    let killed = 0;
    // One instance keeps running and decides its share without the database.
    for (const until = performance.now() + (setting.seconds - 4) * 1000; performance.now() < until; ) {
      await wait(setting.random.between(200, 500) / 1000);
      if ((await world.fleet.replace(1 + (killed % (INSTANCES - 1)))) === 'SIGKILL') killed++;
    }
    await wait(0.5);
    proxy.set({ kind: 'pass' });
    await wait(3);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const later = calls.filter(({ instance }) => !instance.endsWith('.1'));
    const refused = later.filter(({ error }) => error?.startsWith('the limiter has not reached its database yet'));
    return {
      ...outcome,
      faults: {
        'instances killed': killed,
        'calls refused by a new instance': refused.length,
        'calls decided without the database': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
      },
      claims: [
        {
          what: 'no instance allowed a call before it had reached the database',
          holds: later.every(({ mode }) => !mode?.startsWith('fallback')),
        },
        {
          what: 'the database decides for every instance in the end',
          holds: later.some(({ subject, mode }) => subject.endsWith('=settle') && mode === 'enforced'),
        },
        {
          what: 'no call failed for another reason',
          holds: calls.every(({ error }) => error === null || error.startsWith('the limiter has not reached')),
        },
      ],
    };
  },
};
