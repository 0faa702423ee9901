/**
 * The number of instances is not configured. During an outage, each allows a share that depends on how many the
 * database counted.
 */
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const ADDED = [3, 4];

export const growing: Experiment = {
  name: 'growing-outage',
  what: 'Three instances become five without any setting, and at that moment the network stops carrying data',
  seconds: 12,
  async run(setting) {
    const proxy = await setting.lab.proxy((await setting.lab.shared()).url);
    const world = await openWorld(setting, {
      urlOf: (direct) => proxy.through(direct),
      limiter: { budgetMs: 300 },
      // With so many subjects, most have units left when the outage begins, and each instance uses up its share.
      load: { accounts: 40 },
    });
    await world.fleet.start();
    await wait(2);
    const added = await Promise.all(ADDED.map((index) => world.fleet.add(index)));
    proxy.set({ kind: 'black-hole' });
    await wait(setting.seconds - 4);
    proxy.set({ kind: 'pass' });
    await wait(2);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const byNewcomers = calls.filter(({ instance }) => added.includes(instance));
    return {
      ...outcome,
      faults: {
        'bytes held back': proxy.seen.held,
        'calls decided without the database': calls.filter(({ mode }) => mode?.startsWith('fallback')).length,
        'calls of added instances': byNewcomers.length,
      },
      notes: [
        `${byNewcomers.filter(({ error }) => error !== null).length} calls of added instances were answered 503, because the others did not count them yet`,
      ],
    };
  },
};
