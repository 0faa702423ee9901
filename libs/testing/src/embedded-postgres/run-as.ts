import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The unprivileged user that Postgres runs as when we are root, since Postgres refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** undefined when we are not root and Postgres simply runs as ourselves. Creates the user `postgres` where it is missing. */
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

/** The outermost folder above `path` that `user` may not pass through, or undefined when it reaches `path`. */
export async function firstUnreachable(path: string, user: RunAs): Promise<string | undefined> {
  const above: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    above.unshift(folder);
    if (folder === parse(folder).root) break;
  }
  for (const folder of above) {
    const found = await stat(folder).catch(() => undefined);
    // What does not exist yet is made by us, passable.
    if (found === undefined) return undefined;
    const searchBit = found.uid === user.uid ? 0o100 : found.gid === user.gid ? 0o010 : 0o001;
    if ((found.mode & searchBit) === 0) return folder;
  }
  return undefined;
}

/** The folder that keeps an embedded Postgres from using `path`, or undefined when nothing does. */
export async function embeddedPostgresObstacle(path: string): Promise<string | undefined> {
  const user = await unprivilegedUser();
  return user === undefined ? undefined : firstUnreachable(path, user);
}
