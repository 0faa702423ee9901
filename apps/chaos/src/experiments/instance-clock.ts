import { ensureFaketime } from '../lab/packages.js';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const HOUR_MS = 3_600_000;

export const instanceClock: Experiment = {
  name: 'instance-clock',
  what: "One instance's clock is an hour ahead, and another's is an hour behind (libfaketime)",
  seconds: 6,
  async run(setting) {
    const preload = { LD_PRELOAD: ensureFaketime(setting.lab.progress), FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    const environments = [{ ...preload, FAKETIME: '+3600' }, { ...preload, FAKETIME: '-3600' }, {}];
    const world = await openWorld(setting, { environments });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const off = (byMs: number) =>
      outcome.history.calls.filter(
        ({ instanceMs, decidedAtMs }) => decidedAtMs !== null && Math.abs(instanceMs - decidedAtMs - byMs) < 60_000,
      ).length;
    return {
      ...outcome,
      faults: {
        'calls an hour ahead': off(HOUR_MS),
        'calls an hour behind': off(-HOUR_MS),
        'calls with the right time': off(0),
      },
    };
  },
};
