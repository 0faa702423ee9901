/** Programs of the system that some experiments need: installed with apt-get where they are missing. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPgBouncer, installDebianPackage } from '@rollgate/testing';

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
  return findPgBouncer() ?? installed('pgbouncer', findPgBouncer, progress);
}

function installed(name: string, find: () => string | undefined, progress: Progress): string {
  try {
    installDebianPackage({ name, otherwise: 'install it by hand', progress: (line) => progress(`  ${line}`) });
  } catch (error) {
    throw new MissingError((error as Error).message);
  }
  const found = find();
  if (found === undefined) throw new MissingError(`${name} was installed and can't be found`);
  return found;
}
