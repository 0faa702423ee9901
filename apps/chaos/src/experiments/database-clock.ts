import { chmodSync, writeFileSync } from 'node:fs';
import { checkSafe, overLimit } from '../checkers/safe.js';
import { ensureFaketime } from '../lab/packages.js';
import { type Experiment, LIMITS, openWorld, outcomeOf, wait } from './experiment.js';

const steps: readonly { name: string; label: string; seconds: number; replace?: boolean }[] = [
  { name: 'clock-back-90s', label: '90 s back', seconds: -90 },
  { name: 'clock-ahead-61s', label: '61 s ahead', seconds: 61 },
  { name: 'clock-ahead-1h', label: 'an hour ahead', seconds: 3_600 },
  { name: 'clock-ahead-replaced', label: '61 s ahead', seconds: 61, replace: true },
];

/**
 * After a step ahead, units leave their windows early. The database's own clock then shows no excess, and a clock that was not
 * stepped shows at most half a limit too much. A step back is checked with that other clock, because the same minute occurs
 * twice on the database's.
 */
export const databaseClocks: readonly Experiment[] = steps.map(({ name, label, seconds: step, replace }) => ({
  name,
  what: `The database's clock steps ${label} while it runs (libfaketime)${replace ? '; two of three instances are replaced afterward' : ''}`,
  seconds: 6,
  async run(setting) {
    const { lab } = setting;
    const library = ensureFaketime(lab.progress);
    const file = lab.path('faketime');
    const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    set(0);
    chmodSync(file, 0o644);
    const server = await lab.server({
      environment: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    const world = await openWorld(setting, { server });
    const clock = async () =>
      (await world.query<{ ms: number }>('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms'))[0]?.ms ??
      0;
    await world.fleet.start();
    await wait(setting.seconds / 2);
    const offBefore = (await clock()) - Date.now();
    set(step);
    const offAfter = (await clock()) - Date.now();
    // The new instances do not know the time before the step. The one that is left does, and notices the step.
    let replaced = 0;
    if (replace) {
      await wait(1.5);
      for (const index of [1, 2]) if ((await world.fleet.replace(index)) === 'SIGKILL') replaced++;
    }
    await wait(setting.seconds / 2);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    // From the moment an instance notices the step, limits are halved: the bound is that of an outage.
    const byMachine = { limits: LIMITS, clock: 'machine' as const, outage: true };
    const over = overLimit(checkSafe(outcome.history, byMachine));
    const moved = Math.round((offAfter - offBefore) / 1000);
    return {
      ...outcome,
      safe: { limits: LIMITS, clock: step < 0 ? 'machine' : 'database' },
      faults: {
        'seconds the clock moved': Math.abs(moved - step) <= 1 ? Math.abs(moved) : 0,
        ...(replace ? { 'instances started afterward': replaced } : {}),
      },
      claims:
        step < 0 ? [] : [{ what: `no real minute exceeds 1.5 times the limit (${over} units do)`, holds: over === 0 }],
    };
  },
}));
