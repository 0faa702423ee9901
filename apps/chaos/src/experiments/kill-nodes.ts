import { type Experiment, NODES, openWorld, outcomeOf, wait } from './experiment.js';

export const killNodes: Experiment = {
  name: 'kill-nodes',
  what: 'kill -9 of nodes under load, each replaced by a new one',
  seconds: 8,
  async run(setting) {
    const world = await openWorld(setting);
    await world.fleet.start();
    let killed = 0;
    const until = performance.now() + setting.seconds * 1000;
    for (let i = 0; performance.now() < until; i++) {
      await wait(setting.random.between(300, 900) / 1000);
      if ((await world.fleet.replace(i % NODES)) === 'SIGKILL') killed++;
    }
    await world.fleet.finish();
    return { ...(await outcomeOf(world)), faults: { 'nodes killed': killed } };
  },
};
