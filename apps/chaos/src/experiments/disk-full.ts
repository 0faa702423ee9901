import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MissingError } from '../lab/packages.js';
import { countOf, type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

const SIZE_MB = 220;
const MEGABYTE = new Uint8Array(1 << 20);

export const diskFull: Experiment = {
  name: 'disk-full',
  what: `The data folder's file system (${SIZE_MB} MB) fills up under load and is freed again`,
  seconds: 9,
  async run(setting) {
    const { lab } = setting;
    const folder = lab.makeFolder('small-disk');
    mountSmall(folder);
    lab.atEnd(() => execFileSync('umount', ['-l', folder]));
    const settings = { max_wal_size: '32MB', min_wal_size: '32MB', wal_recycle: 'off' };
    const server = await lab.server({ dataFolder: join(folder, 'data'), settings });
    const world = await openWorld(setting, {
      server,
      limiter: { budgetMs: 300 },
      load: { accounts: 400, bots: 20, perSecond: 300 },
    });
    await world.fleet.start();
    await wait(setting.seconds / 3);
    const filler = join(folder, 'filler');
    const written = fill(filler);
    const full = () => countOf(server.log(), /No space left on device/g);
    const until = performance.now() + setting.seconds * 1000;
    // The server first uses up the log segments that exist already.
    while (full() === 0 && performance.now() < until) {
      await world.query('SELECT pg_switch_wal()').catch(() => undefined);
      await wait(0.2);
    }
    await wait(setting.seconds / 3);
    rmSync(filler);
    await server.stopImmediate();
    await server.startAgain();
    await wait(setting.seconds / 3);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    return {
      ...outcome,
      crashed: true,
      faults: { 'MB written to fill the disk': written, '"No space left" messages in the log': full() },
    };
  },
};

function mountSmall(folder: string): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=0711`, 'tmpfs', folder], { stdio: 'pipe' });
    chmodSync(folder, 0o711);
  } catch {
    throw new MissingError('a small file system cannot be mounted here: run the experiment as root');
  }
}

/** Writes a file until the disk is full. Returns its size in megabytes. */
function fill(file: string): number {
  const descriptor = openSync(file, 'w');
  let written = 0;
  try {
    for (;;) written += writeSync(descriptor, MEGABYTE);
  } catch {
    return Math.ceil(written / MEGABYTE.length);
  } finally {
    closeSync(descriptor);
  }
}
