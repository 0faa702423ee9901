import { behindProxy } from './behind-proxy.js';
import { type Experiment, INSTANCES, outcomeOf, wait } from './experiment.js';

export const restarts: Experiment = {
  name: 'restarts',
  what: 'instances are killed and started again, over and over, while the database is away: a new one decides nothing',
  seconds: 14,
  async run(setting) {
    const { world, proxy } = await behindProxy(setting, { budgetMs: 500 });
    await world.fleet.start();
    await wait(2);
    proxy.set({ kind: 'reset' });
    let killed = 0;
    // One instance stays, and decides its part by itself.
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
        'calls that a new instance would not decide': refused.length,
        'calls decided without it': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
      },
      claims: [
        {
          what: 'no instance grants anything before it has reached the database',
          holds: later.every(({ mode }) => !mode?.startsWith('fallback')),
        },
        {
          what: 'every instance decides by the database in the end',
          holds: later.some(({ subject, mode }) => subject.endsWith('=settle') && mode === 'enforced'),
        },
        {
          what: 'no call fails otherwise',
          holds: calls.every(({ error }) => error === null || error.startsWith('the limiter has not reached')),
        },
      ],
    };
  },
};
