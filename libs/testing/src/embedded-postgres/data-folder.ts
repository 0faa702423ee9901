import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerBinaries } from './binaries.js';
import type { RunAs } from './run-as.js';

// Invariant: a data folder gets its final name only when it is complete. initdb works in `<folder>.new-XXXXXX` and the result is
// renamed, so a kill at any time leaves nothing that a later start could mistake for a database.

const run = promisify(execFile);

export interface DataFolder {
  readonly folder: string;
  readonly password: string;
}

export interface DataFolderOptions {
  readonly folder: string;
  readonly binaries: ServerBinaries;
  readonly runAs: RunAs | undefined;
  /** `false` skips initdb's flush to disk, for folders that are removed after one test run. */
  readonly durable: boolean;
  readonly log: (line: string) => void;
}

/**
 * Creates the data folder if it does not exist. Returns it with the superuser's password.
 * @throws Error when it has another major version or no password file
 */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { folder } = options;
  await mkdir(dirname(folder), { recursive: true });
  await removeLeftovers(folder);
  const version = await readIfThere(join(folder, 'PG_VERSION'));
  const complete =
    version !== undefined && (await stat(join(folder, 'global', 'pg_control')).catch(() => undefined)) !== undefined;
  if (!complete) {
    await moveAside(options);
    return create(options);
  }
  const wanted = String(options.binaries.major);
  if (version.trim() !== wanted) {
    throw new Error(
      `${folder} belongs to Postgres ${version.trim()}, not ${wanted}: move it away to start with an empty database`,
    );
  }
  const password = await readIfThere(passwordFile(folder));
  if (password === undefined) throw new Error(`${passwordFile(folder)} is missing: restore it, or move ${folder} away`);
  return { folder, password: password.trim() };
}

function passwordFile(folder: string): string {
  return `${folder}.password`;
}

async function create({ folder, binaries, runAs, durable, log }: DataFolderOptions): Promise<DataFolder> {
  log('creating the database');
  const password = randomBytes(24).toString('base64url');
  const workshop = await mkdtemp(`${folder}.new-`);
  // initdb reads the password as the unprivileged user, which can't read the password file beside the data folder.
  const passwordForInitdb = join(workshop, 'password');
  await writeFile(passwordForInitdb, password, { mode: 0o600 });
  if (runAs !== undefined) {
    await chown(passwordForInitdb, runAs.uid, runAs.gid);
    await chown(workshop, runAs.uid, runAs.gid);
  }
  const made = join(workshop, 'data');
  const flags = ['--encoding=UTF8', '--locale=C'];
  // The builtin C.UTF-8 sorts and folds case the same way on every machine, whatever its locales. Available since Postgres 17.
  if (binaries.major >= 17) flags.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  flags.push('--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordForInitdb}`);
  if (!durable) flags.push('--no-sync');
  try {
    await run(binaries.initdb, [`--pgdata=${made}`, ...flags], { ...runAs, cwd: workshop, env: serverEnvironment() });
  } catch (error) {
    await rm(workshop, { recursive: true, force: true });
    throw new Error(`initdb failed: ${lastLine((error as { stderr?: string }).stderr) ?? String(error)}`);
  }
  // Write the password first: a data folder without its password is unusable, and a password without a folder is overwritten at
  // the next start.
  await writeFile(passwordFile(folder), password, { mode: 0o600 });
  await chmod(passwordFile(folder), 0o600);
  await rename(made, folder);
  await rm(workshop, { recursive: true, force: true });
  return { folder, password };
}

async function removeLeftovers(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.new-`;
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(prefix)) await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** An incomplete data folder is renamed, not deleted, because it may contain files that we did not create. */
async function moveAside({ folder, log }: DataFolderOptions): Promise<void> {
  if ((await stat(folder).catch(() => undefined)) === undefined) return;
  const aside = `${folder}.incomplete-${Date.now()}`;
  await rename(folder, aside);
  log(`${folder} was never finished: moved to ${aside}`);
}

/** A minimal environment: the PG* variables and the locale of the calling process must not affect the server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function lastLine(text: string | undefined): string | undefined {
  return text?.trim().split('\n').at(-1);
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
