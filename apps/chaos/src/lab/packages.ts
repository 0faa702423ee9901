/** System packages that some experiments need. They are installed with apt-get if they are missing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPgBouncer, installDebianPackage } from '@rollgate/testing';

type Progress = (line: string) => void;

/** The machine lacks something that an experiment needs. The message states what, and how to get it. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
}

/** The path of the library to preload. @throws MissingError */
export function ensureFaketime(progress: Progress): string {
  const find = () =>
    existsSync('/usr/lib')
      ? readdirSync('/usr/lib')
          .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketime.so.1'))
          .find(existsSync)
      : undefined;
  return find() ?? installed('faketime', find, progress);
}

/** The path of the program. @throws MissingError */
export function ensurePgBouncer(progress: Progress): string {
  return findPgBouncer() ?? installed('pgbouncer', findPgBouncer, progress);
}

function installed(name: string, find: () => string | undefined, progress: Progress): string {
  try {
    installDebianPackage({ name, otherwise: 'install it by hand', progress: (line) => progress(`  ${line}`) });
  } catch (error) {
    throw new MissingError((error as Error).message);
  }
  const found = find();
  if (found === undefined) throw new MissingError(`${name} was installed, but its files are missing`);
  return found;
}
