import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The unprivileged user that Postgres runs as if this process is root, because Postgres refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user `postgres`, created if it is missing; `undefined` if this process is not root, because Postgres then runs as the
 * same user.
 */
export async function unprivilegedUser(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await lookUp();
  if (existing !== undefined) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
  } catch {
    throw new Error(
      'Postgres refuses to run as root and the user "postgres" could not be created: run as an ordinary user',
    );
  }
  const created = await lookUp();
  if (created === undefined)
    throw new Error('the user "postgres" was created but cannot be found: run as an ordinary user');
  return created;
}

async function lookUp(): Promise<RunAs | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** The outermost folder above `path` that `user` can't enter, or `undefined` if `user` can reach `path`. */
export async function firstUnreachable(path: string, user: RunAs): Promise<string | undefined> {
  const above: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    above.unshift(folder);
    if (folder === parse(folder).root) break;
  }
  for (const folder of above) {
    const found = await stat(folder).catch(() => undefined);
    // A folder that does not exist yet will be created with permissions that let the user enter it.
    if (found === undefined) return undefined;
    const searchBit = found.uid === user.uid ? 0o100 : found.gid === user.gid ? 0o010 : 0o001;
    if ((found.mode & searchBit) === 0) return folder;
  }
  return undefined;
}

/** The folder that prevents an embedded Postgres from using `path`, or `undefined` if there is none. */
export async function embeddedPostgresObstacle(path: string): Promise<string | undefined> {
  const user = await unprivilegedUser();
  return user === undefined ? undefined : firstUnreachable(path, user);
}
