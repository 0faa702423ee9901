import { type Experiment, INSTANCES, openWorld, outcomeOf, wait } from './experiment.js';

export const killInstances: Experiment = {
  name: 'kill-instances',
  what: 'Instances are killed with SIGKILL under load, and replaced',
  seconds: 8,
  async run(setting) {
    const world = await openWorld(setting);
    await world.fleet.start();
    let killed = 0;
    const until = performance.now() + setting.seconds * 1000;
    for (let i = 0; performance.now() < until; i++) {
      await wait(setting.random.between(300, 900) / 1000);
      if ((await world.fleet.replace(i % INSTANCES)) === 'SIGKILL') killed++;
    }
    await world.fleet.finish();
    return { ...(await outcomeOf(world)), faults: { 'instances killed': killed } };
  },
};
