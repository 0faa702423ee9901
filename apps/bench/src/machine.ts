/** Describes the machine of a run. */
import { closeSync, fdatasyncSync, openSync, readFileSync, statfsSync, writeSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './load/statistics.js';
import type { Machine } from './report/results.js';

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlay',
};
const FLUSHES = 100;

/** Describes this machine and the disk of `folder`, in which the servers keep their data. */
export function describeMachine(folder: string): Machine {
  const type = statfsSync(folder).type;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    fileSystem: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
    flushMs: flushMs(join(folder, 'flush')),
  };
}

function flushMs(file: string): number {
  const descriptor = openSync(file, 'w');
  const page = new Uint8Array(8192).fill(1);
  const took = Array.from({ length: FLUSHES }, () => {
    const startedAt = performance.now();
    writeSync(descriptor, page, 0, page.length, 0);
    fdatasyncSync(descriptor);
    return performance.now() - startedAt;
  });
  closeSync(descriptor);
  return Number(median(took).toFixed(3));
}

/** Versions of Node.js, Rollgate and the compared packages, which apps/bench pins exactly. */
export function packageVersions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const compared = Object.entries(all).filter(
    ([name]) => !name.startsWith('@rollgate/') && !name.startsWith('@types/'),
  );
  return { node: process.versions.node, rollgate: manifest.version, ...Object.fromEntries(compared.sort()) };
}
