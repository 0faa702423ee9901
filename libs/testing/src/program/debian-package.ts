import { spawnSync } from 'node:child_process';

export interface DebianPackage {
  readonly name: string;
  /** What to do on a system without apt-get, e.g. `install Redis 6.2 or newer`. */
  readonly otherwise: string;
  readonly progress: (line: string) => void;
}

/** Installs a package with apt-get, which must run as root. @throws Error that says what to do by hand */
export function installDebianPackage({ name, otherwise, progress }: DebianPackage): void {
  if (spawnSync('apt-get', ['--version']).error !== undefined)
    throw new Error(`${name} is not installed, and this system has no apt-get: ${otherwise}`);
  if (process.getuid?.() !== 0)
    throw new Error(`${name} is not installed: run "sudo apt-get install ${name}", or run this as root`);
  progress(`${name} is not installed: running apt-get install ${name} …`);
  // Do not start a packaged service: it would take CPU from what is measured.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  // A failed update is no reason to stop: the package lists that are present may be enough.
  spawnSync('apt-get', ['update'], { env });
  const done = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { env, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`apt-get install ${name} failed: ${done.stderr.trim().split('\n').at(-1)}`);
}
