/** Programs of the system that some experiments need: installed with apt-get where they are missing. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

type Progress = (line: string) => void;

/** This machine lacks what the experiment needs. Its message says what, and how to get it. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
}

/** The library to preload. @throws MissingError */
export function ensureFaketime(progress: Progress): string {
  const find = () =>
    existsSync('/usr/lib')
      ? readdirSync('/usr/lib')
          .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketime.so.1'))
          .find(existsSync)
      : undefined;
  return find() ?? installed('faketime', find, progress);
}

/** @throws MissingError */
export function ensurePgBouncer(progress: Progress): string {
  const find = () => ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync);
  return find() ?? installed('pgbouncer', find, progress);
}

function installed(name: string, find: () => string | undefined, progress: Progress): string {
  progress(`  installing ${name} with apt-get`);
  try {
    const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', name], quiet);
  } catch {
    throw new MissingError(`${name} is missing and "apt-get install ${name}" failed: install it by hand`);
  }
  const found = find();
  if (found === undefined) throw new MissingError(`${name} was installed and can't be found`);
  return found;
}
